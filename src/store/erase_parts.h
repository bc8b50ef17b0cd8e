/* erase_parts: what the files of the erasure share.  Private to store/. */
#ifndef STORE_ERASE_PARTS_H
#define STORE_ERASE_PARTS_H
#endif
