/* erase_pages: the bytes of the file. */
