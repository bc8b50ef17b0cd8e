/* codec: zstd, in whole blocks.  Private to store/. */
#ifndef STORE_CODEC_H
#define STORE_CODEC_H

#include <stddef.h>

#include "base/bytes.h"

/* The working memory of one thread. */
struct codec;

struct codec *codec_new(void);
void codec_free(struct codec *c); /* NULL is fine */

/* Appends one frame that holds the n bytes at p. */
void codec_compress(struct codec *c, const void *p, size_t n, struct buf *out);
/* The same in another way, which suits prose and lists of values as a rule. */
void codec_compress_dense(struct codec *c, const void *p, size_t n, struct buf *out);

/* The one frame in n bytes at p, which must give exactly raw bytes.  -1 when
 * it does not. */
int codec_decompress(struct codec *c, const void *p, size_t n, void *out, size_t raw);

#endif
