/*
 * codec: zstd, in whole blocks.  The only file here that knows zstd.
 */
#include "store/codec.h"

#include <stdint.h>
#include <stdlib.h>

#include <zstd.h>

#include "base/mem.h"

/*
 * By measurement, at 470 MB/s all of them: level 1 is best for contexts and for
 * bits; lists of values and most prose are 2 to 4 % smaller with the next one,
 * and a tenth faster to decode.  Up to 128 KiB that is 3, beyond it 2, for zstd
 * means other things by them there.
 */
enum { LEVEL = 1, LEVEL_DENSE = 2, LEVEL_DENSE_SMALL = 3, SMALL = 128 * 1024 };

struct codec {
	ZSTD_CCtx *compress; /* each made when first needed */
	ZSTD_DCtx *decompress;
};

struct codec *
codec_new(void)
{
	return mem_zero(1, sizeof(struct codec));
}

void
codec_free(struct codec *c)
{
	if (c == NULL)
		return;
	ZSTD_freeCCtx(c->compress);
	ZSTD_freeDCtx(c->decompress);
	free(c);
}

/* zstd fails for want of memory only; that ends as it does everywhere. */
static void
out_of_memory(void)
{
	(void)mem_alloc(SIZE_MAX);
}

static void
compress(struct codec *c, int level, const void *p, size_t n, struct buf *out)
{
	size_t bound = ZSTD_compressBound(n);

	if (c->compress == NULL) {
		c->compress = ZSTD_createCCtx();
		if (c->compress == NULL)
			out_of_memory();
	}
	buf_reserve(out, bound);
	size_t len = ZSTD_compressCCtx(c->compress, out->p + out->len, bound, p, n, level);
	if (ZSTD_isError(len))
		out_of_memory();
	out->len += len;
}

void
codec_compress(struct codec *c, const void *p, size_t n, struct buf *out)
{
	compress(c, LEVEL, p, n, out);
}

void
codec_compress_dense(struct codec *c, const void *p, size_t n, struct buf *out)
{
	compress(c, n <= SMALL ? LEVEL_DENSE_SMALL : LEVEL_DENSE, p, n, out);
}

int
codec_decompress(struct codec *c, const void *p, size_t n, void *out, size_t raw)
{
	/* A frame that does not state its size, or another one, is none of ours;
	 * nor is one with bytes behind it. */
	if (ZSTD_getFrameContentSize(p, n) != raw || ZSTD_findFrameCompressedSize(p, n) != n)
		return -1;
	if (c->decompress == NULL) {
		c->decompress = ZSTD_createDCtx();
		if (c->decompress == NULL)
			out_of_memory();
	}
	return ZSTD_decompressDCtx(c->decompress, out, raw, p, n) == raw ? 0 : -1;
}
