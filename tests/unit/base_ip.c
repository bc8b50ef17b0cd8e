/* ip: addresses in and out, networks, ranges, third-party suites. */
#include "unit.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <string.h>

#include "base/ip.h"
#include "corpora.h"

/* Parses bytes that end where the allocation ends. */
static bool
parse_exact(const char *text, size_t len, struct ip *ip)
{
	char *exact = malloc(len ? len : 1);

	memcpy(exact, text, len);

	bool ok = ip_parse(exact, len, ip);

	free(exact);
	return ok;
}

/* Canonical text of each; NULL: no address. */
static const struct {
	const char *text, *canonical;
} addresses[] = {
	{ "0.0.0.0", "0.0.0.0" },
	{ "1.2.3.4", "1.2.3.4" },
	{ "10.20.30.40", "10.20.30.40" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "1::", "1::" },
	{ "2001:db8::1", "2001:db8::1" },
	{ "2001:DB8::ABCD", "2001:db8::abcd" },
	{ "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
	/* RFC 5952 section 4. */
	{ "2001:db8:0:0:0:0:2:1", "2001:db8::2:1" },
	{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
	{ "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
	{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
	{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ "0:0:1:0:0:0:0:0", "0:0:1::" },
	{ "1:0:0:0:0:0:0:0", "1::" },
	{ "0:1:0:1:0:1:0:1", "0:1:0:1:0:1:0:1" },
	{ "::1.2.3.4", "::102:304" },
	{ "64:ff9b::1.2.3.4", "64:ff9b::102:304" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	/* Mapped addresses are v4. */
	{ "::ffff:1.2.3.4", "1.2.3.4" },
	{ "::FFFF:0102:0304", "1.2.3.4" },
	{ "0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4" },
	{ "::fffe:1.2.3.4", "::fffe:102:304" },
	{ "", NULL }, { "1", NULL }, { "1.2.3", NULL }, { "1.2.3.", NULL }, { "1.2.3.4.", NULL },
	{ "1.2.3.4.5", NULL }, { ".1.2.3", NULL }, { "1..2.3", NULL }, { "256.1.1.1", NULL },
	{ "1.2.3.256", NULL }, { "01.2.3.4", NULL }, { "00.0.0.0", NULL }, { "1.2.3.04", NULL },
	{ "1.2.3.4 ", NULL }, { " 1.2.3.4", NULL }, { "1.2.3.4\n", NULL }, { "+1.2.3.4", NULL },
	{ "0x1.2.3.4", NULL }, { "1000.2.3.4", NULL }, { "1.2.3.0004", NULL },
	{ ":", NULL }, { ":::", NULL }, { "1:2:3:4:5:6:7", NULL }, { "1:2:3:4:5:6:7:8:9", NULL },
	{ "1::2::3", NULL }, { "12345::", NULL }, { "g::", NULL }, { "fe80::1%eth0", NULL },
	{ "[::1]", NULL }, { "::1/64", NULL }, { "::1.2.3", NULL }, { "::1.2.3.04", NULL },
	{ "::1.2.3.4.5", NULL }, { "1.2.3.4::", NULL }, { ":1::2", NULL }, { "1::2:", NULL },
	{ "localhost", NULL }, { "-", NULL },
};

START_TEST(table_of_addresses)
{
	struct ip ip, back;
	char out[IP_TEXT_MAX];
	bool ok = parse_exact(addresses[_i].text, strlen(addresses[_i].text), &ip);

	ck_assert_msg(ok == (addresses[_i].canonical != NULL), "%s", addresses[_i].text);
	if (!ok)
		return;

	size_t n = ip_format(&ip, out);

	ck_assert_msg(n == strlen(addresses[_i].canonical) &&
	    memcmp(out, addresses[_i].canonical, n) == 0, "%s: %.*s", addresses[_i].text, (int)n, out);
	ck_assert(ip_parse(out, n, &back));
	ck_assert_int_eq(ip.v6, back.v6);
	ck_assert_mem_eq(ip.b, back.b, 16);
}
END_TEST

START_TEST(a_nul_is_no_end)
{
	struct ip ip;

	ck_assert(!ip_parse("1.2.3.4\0", 8, &ip));
	ck_assert(!ip_parse("::1\0", 4, &ip));
	ck_assert(!ip_parse("::1\0x", 5, &ip));
}
END_TEST

START_TEST(long_text_is_no_address)
{
	static const char longest[] = "0000:0000:0000:0000:0000:0000:255.255.255.255";
	char text[400];
	struct ip ip;

	ck_assert_uint_eq(strlen(longest), IP_TEXT_MAX - 1);
	ck_assert(parse_exact(longest, strlen(longest), &ip));
	memset(text, '0', sizeof(text));
	for (size_t n = 0; n < sizeof(text); n++)
		ck_assert(!parse_exact(text, n, &ip));
	memset(text, ':', sizeof(text));
	for (size_t n = 3; n < sizeof(text); n++)
		ck_assert(!parse_exact(text, n, &ip));
}
END_TEST

/* Random patterns of zero groups: inet_pton reads the same bytes back. */
START_TEST(formatted_v6_is_read_back_by_the_system)
{
	unsigned seed = 1;

	for (unsigned i = 0; i < 65536; i++) {
		struct ip ip = { .v6 = 1 };
		char out[IP_TEXT_MAX], text[IP_TEXT_MAX + 1];
		uint8_t back[16];

		for (unsigned g = 0; g < 8; g++) {
			seed = seed * 1103515245u + 12345u;
			if (i >> (2 * g) & 3) {
				ip.b[2 * g] = (uint8_t)(i >> (2 * g) & 2 ? seed >> 16 : 0);
				ip.b[2 * g + 1] = (uint8_t)(seed >> 24 | 1);
			}
		}

		size_t n = ip_format(&ip, out);

		memcpy(text, out, n);
		text[n] = '\0';
		ck_assert_int_eq(inet_pton(AF_INET6, text, back), 1);
		ck_assert_mem_eq(back, ip.b, 16);
	}
}
END_TEST

/* Ranges with what is inside and outside; NULL first: no range. */
static const struct {
	const char *range, *inside[3], *outside[3];
} ranges[] = {
	{ "10.0.0.0/8", { "10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3" },
	    { "9.255.255.255", "11.0.0.0", "::a00:1" } },
	{ "10.1.2.3/8", { "10.0.0.0", "10.255.255.255" }, { "11.0.0.0" } },
	{ "0.0.0.0/0", { "0.0.0.0", "255.255.255.255" }, { "::1", "::" } },
	{ "1.2.3.4/32", { "1.2.3.4" }, { "1.2.3.3", "1.2.3.5" } },
	{ "1.2.3.4/31", { "1.2.3.4", "1.2.3.5" }, { "1.2.3.3", "1.2.3.6" } },
	{ "192.168.1.128/25", { "192.168.1.128", "192.168.1.255" }, { "192.168.1.127" } },
	{ "172.16.0.0/12", { "172.16.0.0", "172.31.255.255" }, { "172.15.255.255", "172.32.0.0" } },
	{ "1.2.3.4", { "1.2.3.4" }, { "1.2.3.5" } },
	{ "1.2.3.4-1.2.4.5", { "1.2.3.4", "1.2.3.255", "1.2.4.5" }, { "1.2.3.3", "1.2.4.6" } },
	{ "1.2.3.4-1.2.3.4", { "1.2.3.4" }, { "1.2.3.5" } },
	{ "2001:db8::/32", { "2001:db8::", "2001:db8:ffff::1" }, { "2001:db9::", "2001:db7::" } },
	{ "2001:db8::1/128", { "2001:db8::1" }, { "2001:db8::2" } },
	{ "fe80::/10", { "fe80::1", "febf::1" }, { "fec0::1" } },
	{ "::/0", { "::", "ffff::" }, { "1.2.3.4" } },
	{ "::1-::ff", { "::1", "::ff" }, { "::", "::100" } },
	{ "::ffff:10.0.0.0/104", { "10.0.0.0", "10.255.255.255" }, { "11.0.0.0", "::1" } },
	{ "::ffff:1.2.3.4/128", { "1.2.3.4" }, { "1.2.3.5" } },
	{ "::ffff:1.2.3.4", { "1.2.3.4" }, { "1.2.3.5" } },
};

START_TEST(table_of_ranges)
{
	struct ip_range r;
	struct ip ip;

	ck_assert(ip_range_parse(ranges[_i].range, strlen(ranges[_i].range), &r));
	for (size_t i = 0; i < 3; i++) {
		const char *in = ranges[_i].inside[i], *out = ranges[_i].outside[i];

		if (in != NULL) {
			ck_assert(ip_parse(in, strlen(in), &ip));
			ck_assert_msg(ip_in_range(&ip, &r), "%s in %s", in, ranges[_i].range);
		}
		if (out != NULL) {
			ck_assert(ip_parse(out, strlen(out), &ip));
			ck_assert_msg(!ip_in_range(&ip, &r), "%s not in %s", out, ranges[_i].range);
		}
	}
}
END_TEST

static const char *const no_ranges[] = { "", "/", "/8", "-", "10.0.0.0/", "10.0.0.0/33",
	"10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8x", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "10/8",
	"::/129", "::/1000", "::1/", "::/ 8", "1.2.3.4-", "-1.2.3.4", "1.2.3.5-1.2.3.4",
	"1.2.3.4-::1", "::2-::1", "1.2.3.4-1.2.3.5-1.2.3.6", "1.2.3.0/24-1.2.4.0", "10.*" };

START_TEST(what_is_no_range_is_refused)
{
	struct ip_range r;
	size_t n = strlen(no_ranges[_i]);
	char *exact = malloc(n ? n : 1);

	memcpy(exact, no_ranges[_i], n);
	ck_assert_msg(!ip_range_parse(exact, n, &r), "%s", no_ranges[_i]);
	free(exact);
}
END_TEST

/* Every length of network against counting bits. */
START_TEST(networks_of_every_length)
{
	for (int v6 = 0; v6 < 2; v6++)
		for (int bits = 0; bits <= (v6 ? 128 : 32); bits++) {
			const char *base = v6 ? "a5a5:5a5a:a5a5:5a5a:a5a5:5a5a:a5a5:5a5a" : "165.90.165.90";
			char text[64];
			struct ip_range r;
			struct ip ip;

			int n = snprintf(text, sizeof(text), "%s/%d", base, bits);

			ck_assert(ip_range_parse(text, (size_t)n, &r));
			ck_assert(ip_parse(base, strlen(base), &ip));
			ck_assert(ip_in_range(&ip, &r));
			for (int bit = 0; bit < (v6 ? 128 : 32); bit++) {
				ip.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
				ck_assert_int_eq(ip_in_range(&ip, &r), bit >= bits);
				ip.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			}
		}
}
END_TEST

/* A suite of one family; the other family's addresses are valid for us too,
 * so they are told apart by what was parsed.  No deviations. */
static void
check_suite(const char *name, bool v6)
{
	char path[CORPORA_PATH_MAX];
	json_t *suite, *group, *test;
	size_t i, j;
	unsigned strings = 0;

	if (!corpora_path(path, name))
		return;
	suite = json_load_file(path, JSON_ALLOW_NUL, NULL);
	ck_assert_ptr_nonnull(suite);
	json_array_foreach(suite, i, group)
		json_array_foreach(json_object_get(group, "tests"), j, test) {
			json_t *data = json_object_get(test, "data");
			bool valid = json_is_true(json_object_get(test, "valid"));
			const char *text = json_string_value(data);
			size_t len = json_string_length(data);
			struct ip ip;

			if (text == NULL)
				continue;
			strings++;

			bool ok = parse_exact(text, len, &ip) && (memchr(text, ':', len) != NULL) == v6;

			ck_assert_msg(ok == valid, "%s", text);
		}
	ck_assert_uint_ge(strings, 30);
	json_decref(suite);
}

START_TEST(json_schema_suites_agree)
{
	check_suite("conformance/formats/json-schema/ipv4.json", false);
	check_suite("conformance/formats/json-schema/ipv6.json", true);
}
END_TEST

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static Suite *
ip_suite(void)
{
	Suite *s = suite_create("base/ip");
	TCase *t = tcase_create("ip");

	tcase_add_loop_test(t, table_of_addresses, 0, COUNT(addresses));
	tcase_add_test(t, a_nul_is_no_end);
	tcase_add_test(t, long_text_is_no_address);
	tcase_add_test(t, formatted_v6_is_read_back_by_the_system);
	tcase_add_loop_test(t, table_of_ranges, 0, COUNT(ranges));
	tcase_add_loop_test(t, what_is_no_range_is_refused, 0, COUNT(no_ranges));
	tcase_add_test(t, networks_of_every_length);
	tcase_add_test(t, json_schema_suites_agree);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(ip_suite)
