/*
 * codec: zstd, in whole blocks.  The only file here that knows zstd.
 */
#include "store/codec.h"

#include <stdint.h>
#include <stdlib.h>

#include <zstd.h>

#include "base/mem.h"

/* By measurement on descriptions and contexts in blocks of 128 KiB: level 1 is
 * no faster, makes descriptions 3 % larger, and these take a tenth longer to
 * decode; level 3 gains nothing more. */
enum { LEVEL = 2 };

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

void
codec_compress(struct codec *c, const void *p, size_t n, struct buf *out)
{
	size_t bound = ZSTD_compressBound(n);

	if (c->compress == NULL) {
		c->compress = ZSTD_createCCtx();
		if (c->compress == NULL)
			out_of_memory();
	}
	buf_reserve(out, bound);
	size_t len = ZSTD_compressCCtx(c->compress, out->p + out->len, bound, p, n, LEVEL);
	if (ZSTD_isError(len))
		out_of_memory();
	out->len += len;
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
