/*
 * html: what our pages are made of: text that stays text, times, and a head
 * whose policy lets nothing run and nothing load but its style sheet, by hash.
 */
#include "render/html.h"

#include "base/base64.h"
#include "base/hash.h"

#define VALUE_MAX 2000 /* bytes of one value; what is longer ends with an ellipsis */

#define PUT(out, literal) buf_str((out), STR(literal))

static void
escape(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		switch (text.p[i]) {
		case '&': PUT(out, "&amp;"); break;
		case '<': PUT(out, "&lt;"); break;
		case '>': PUT(out, "&gt;"); break;
		case '"': PUT(out, "&quot;"); break;
		case '\'': PUT(out, "&#39;"); break;
		default: buf_byte(out, text.p[i]);
		}
	}
}

void
render_html_value(struct buf *out, struct str text)
{
	struct buf safe = { 0 };
	bool cut = text.len > VALUE_MAX;

	/* Not in the middle of a character. */
	while (cut && text.len > VALUE_MAX - 4 && (text.len > VALUE_MAX || (text.p[text.len] & 0xc0) == 0x80))
		text.len = text.len > VALUE_MAX ? VALUE_MAX : text.len - 1;
	render_safe(&safe, text);
	PUT(out, "<bdi>");
	escape(out, buf_view(&safe));
	if (cut)
		PUT(out, "…");
	PUT(out, "</bdi>");
	buf_fini(&safe);
}

void
render_html_time(struct buf *out, int64_t us)
{
	char machine[TIME_TEXT_LEN], person[32];

	time_format(machine, us);
	time_format_local(person, us);
	buf_printf(out, "<time datetime=\"%.*s\">%s</time>", TIME_TEXT_LEN, machine, person);
}

void
render_html_head(struct buf *out, struct str title)
{
	struct str style = str_of(render_html_style);
	struct hash hash;

	hash_bytes(&hash, style.p, style.len);
	PUT(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
	base64_add(out, hash.b, sizeof(hash.b));
	PUT(out, "'; base-uri 'none'; form-action 'none'\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	escape(out, title);
	PUT(out, "</title>\n<style>");
	buf_str(out, style);
	PUT(out, "</style>\n</head>\n");
}
