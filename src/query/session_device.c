/*
 * session_device: what kind of device a session is on, as its user agent and
 * its device field say of themselves.  Anyone can claim anything: it is an aid
 * to recognise one's own sessions, and no evidence.
 */
#include <ctype.h>
#include <string.h>

#include "query/session.h"

struct sign {
	const char *text; /* lower case */
	const char *kind;
};

/* A device field that is a kind by itself (okta: client.device). */
static const struct sign devices[] = {
	{ "mobile", "phone" }, { "phone", "phone" }, { "tablet", "tablet" }, { "computer", "computer" },
	{ "desktop", "computer" }, { "laptop", "computer" },
};

/* The first that a browser's user agent contains.  Tablets with Android leave
 * out "Mobile" (developer.chrome.com/docs/multidevice/user-agent). */
static const struct sign browsers[] = {
	{ "ipad", "tablet" }, { "tablet", "tablet" }, { "kindle", "tablet" }, { "iphone", "phone" },
	{ "mobile", "phone" }, { "windows phone", "phone" }, { "android", "tablet" }, { "bot", "program" },
	{ "crawler", "program" }, { "spider", "program" }, { "headless", "program" }, { "windows", "computer" },
	{ "macintosh", "computer" }, { "cros", "computer" }, { "x11", "computer" }, { "linux", "computer" },
};

/* Whether s has the text, which is in lower case, in any case. */
static bool
has_text(struct str s, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i + len <= s.len; i++) {
		size_t k = 0;

		while (k < len && tolower((unsigned char)s.p[i + k]) == text[k])
			k++;
		if (k == len)
			return true;
	}
	return false;
}

static const char *
browser_kind(struct str agent)
{
	for (size_t i = 0; i < sizeof(browsers) / sizeof(browsers[0]); i++)
		if (has_text(agent, browsers[i].text))
			return browsers[i].kind;
	return "unknown";
}

const char *
session_device_kind(struct str user_agent, struct str device)
{
	for (size_t i = 0; device.len > 0 && i < sizeof(devices) / sizeof(devices[0]); i++)
		if (str_eq_nocase(device, str_of(devices[i].text)))
			return devices[i].kind;
	if (user_agent.len == 0)
		return "unknown";
	if (str_begins(user_agent, STR("Mozilla/")) || str_begins(user_agent, STR("Opera/")))
		return browser_kind(user_agent);
	/* "curl/8.5", "aws-cli/2.15 ...", "okhttp/4.9": a product and its version. */
	return memchr(user_agent.p, '/', user_agent.len) != NULL ? "program" : "unknown";
}
