/*
 * gen: audit events like those of a busy company, for measuring.
 *
 * usage: gen [-n EVENTS] [-s SEED] [-d DAYS]
 *
 * The same options always give the same bytes.  Few actors do most of the
 * work and few actions, paths and addresses make up most of it (Zipf); days
 * have office hours; one event in a hundred comes late, by up to ten
 * minutes; one request in two makes more than one event; one description in
 * RARE_EVERY holds RARE_WORD.  An event is about 690 bytes.  The last one lies close to 2026-10-01.
 *
 * Out: JSON lines on standard output, in order of arrival.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/time.h"

enum {
	ACTORS = 20000,
	ACTIONS = 120,
	PATHS = 200000,
	ADDRESSES = 50000,
	AGENTS = 300,
	HOSTS = 40,
	LATE_SECONDS = 600,
	RARE_EVERY = 100000,
	FLUSH_BYTES = 1 << 18
};

#define RARE_WORD "XZ-BACKDOOR-7731"
#define END_TIME (INT64_C(1790812800) * TIME_SECOND) /* 2026-10-01 */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const first_names[] = {
	"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy",
	"lars", "maria", "nadia", "olivia", "peggy", "rupert", "sybil", "tomas", "wendy", "zoe"
};
static const char *const last_names[] = {
	"smith", "garcia", "mueller", "tanaka", "kowalski", "rossi", "dubois", "nguyen",
	"olsen", "silva", "khan", "okafor", "haddad", "novak", "weber", "patel"
};
static const char *const categories[] = {
	"AUTHENTICATION", "AUTHORIZATION", "FILE_ACCESS", "FILE_MODIFICATION", "SHARING",
	"ADMIN", "SECURITY", "DATA_ACCESS", "SYSTEM", "ACCOUNT"
};
static const char *const objects[] = {
	"user", "role", "policy", "session", "token", "bucket",
	"object", "secret", "key", "invoice", "cluster", "share"
};
static const char *const verbs[] = {
	"login", "create", "update", "delete", "read", "list", "rotate", "grant", "revoke", "export"
};
static const char *const words[] = {
	"request", "accepted", "by", "policy", "engine", "after", "second", "factor", "check",
	"for", "tenant", "resource", "owner", "changed", "value", "applied", "rollback",
	"scheduled", "maintenance", "window", "renewed", "from", "new", "device", "quota",
	"threshold", "exceeded", "impersonation", "approved", "ticket", "emergency", "temporary",
	"credentials", "issued", "version", "restored", "lifecycle", "rule", "replica", "path",
	"integrity", "matched", "retention", "review", "pending", "manual", "override", "audit"
};
static const char *const regions[] = { "eu-west-1", "us-east-1", "ap-south-1", "eu-central-1" };

/* ---- chance: xoshiro256**, by Blackman and Vigna ---- */

struct chance {
	uint64_t s[4];
};

static uint64_t
rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

static uint64_t
chance_u64(struct chance *c)
{
	uint64_t *s = c->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

/* The state is filled by splitmix64, as its authors advise. */
static void
chance_seed(struct chance *c, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		c->s[i] = z ^ z >> 31;
	}
}

/* 0 to n - 1. */
static uint32_t
chance_below(struct chance *c, size_t n)
{
	return (uint32_t)((chance_u64(c) >> 32) * (uint64_t)n >> 32);
}

/* 0 to 1, 1 excluded. */
static double
chance_share(struct chance *c)
{
	return (double)(chance_u64(c) >> 11) * 0x1p-53;
}

static bool
chance_percent(struct chance *c, uint32_t percent)
{
	return chance_below(c, 100) < percent;
}

#define CHANCE_OF(c, list) ((list)[chance_below((c), COUNT(list))])

/* ---- values, a few of them frequent ---- */

struct values {
	char **text;
	double *upto; /* share of the draws that give this value or one before it */
	size_t n;
};

static void
values_init(struct values *v, size_t n, double exponent)
{
	double sum = 0;

	v->n = n;
	v->text = mem_zero(n, sizeof(v->text[0]));
	v->upto = mem_zero(n, sizeof(v->upto[0]));
	for (size_t i = 0; i < n; i++)
		v->upto[i] = sum += pow((double)(i + 1), -exponent);
	for (size_t i = 0; i < n; i++)
		v->upto[i] /= sum;
}

static size_t
values_draw(const struct values *v, struct chance *c)
{
	double share = chance_share(c);
	size_t low = 0, high = v->n - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (v->upto[middle] > share)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void
values_fini(struct values *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->text[i]);
	free(v->text);
	free(v->upto);
}

/* ---- the company ---- */

struct company {
	struct values actor, action, path, address, agent;
};

static char *
make_actor(struct chance *c, size_t i)
{
	char text[64];

	if (i % 11 == 7)
		snprintf(text, sizeof(text), "svc-%s-%04zu", CHANCE_OF(c, objects), i);
	else
		snprintf(text, sizeof(text), "%s.%s%zu", CHANCE_OF(c, first_names),
		    CHANCE_OF(c, last_names), i);
	return mem_strdup(text);
}

static char *
make_path(struct chance *c)
{
	char text[128];

	switch (chance_below(c, 4)) {
	case 0:
		snprintf(text, sizeof(text), "/api/v2/tenants/%u/%ss/%u", chance_below(c, 400),
		    CHANCE_OF(c, objects), chance_below(c, 100000));
		break;
	case 1:
		snprintf(text, sizeof(text), "/srv/data/%s/%u/report-%u.pdf",
		    CHANCE_OF(c, last_names), 2020 + chance_below(c, 7), chance_below(c, 10000));
		break;
	case 2:
		snprintf(text, sizeof(text), "prod/%s/%s/%u", CHANCE_OF(c, objects),
		    CHANCE_OF(c, verbs), chance_below(c, 20000));
		break;
	default:
		snprintf(text, sizeof(text), "/home/%s.%s/%06x", CHANCE_OF(c, first_names),
		    CHANCE_OF(c, last_names), chance_below(c, 1 << 24));
	}
	return mem_strdup(text);
}

/* One in five is IPv6, one in four private. */
static char *
make_address(struct chance *c, size_t i)
{
	char text[48];

	if (i % 5 == 4)
		snprintf(text, sizeof(text), "2001:db8:%x:%x::%x", 1 + chance_below(c, 255),
		    1 + chance_below(c, 65535), 1 + chance_below(c, 65535));
	else if (i % 4 == 0)
		snprintf(text, sizeof(text), "10.%u.%u.%u", chance_below(c, 64),
		    chance_below(c, 256), 1 + chance_below(c, 254));
	else
		snprintf(text, sizeof(text), "%u.%u.%u.%u", i & 1 ? 203 : 198,
		    chance_below(c, 100), chance_below(c, 256), 1 + chance_below(c, 254));
	return mem_strdup(text);
}

static char *
make_agent(size_t i)
{
	char text[160];
	size_t version = 90 + i / 4;

	switch (i % 4) {
	case 0:
		snprintf(text, sizeof(text), "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
		    "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%zu.0.0.0 Safari/537.36", version);
		break;
	case 1:
		snprintf(text, sizeof(text), "Mozilla/5.0 (X11; Linux x86_64; rv:%zu.0) "
		    "Gecko/20100101 Firefox/%zu.0", version, version);
		break;
	case 2:
		snprintf(text, sizeof(text), "cloud-cli/2.%zu.%zu Python/3.11 Linux/6.1", i / 4, i % 7);
		break;
	default:
		snprintf(text, sizeof(text), "corp-agent/%zu.%zu (linux; amd64)", i % 5, i % 31);
	}
	return mem_strdup(text);
}

/* The same company whatever the seed of its events. */
static void
company_init(struct company *co)
{
	struct chance c;
	char text[64];

	chance_seed(&c, 42);
	values_init(&co->actor, ACTORS, 1.05);
	values_init(&co->action, ACTIONS, 1.1);
	values_init(&co->path, PATHS, 0.9);
	values_init(&co->address, ADDRESSES, 1.0);
	values_init(&co->agent, AGENTS, 1.2);
	for (size_t i = 0; i < ACTORS; i++)
		co->actor.text[i] = make_actor(&c, i);
	for (size_t i = 0; i < ACTIONS; i++) {
		snprintf(text, sizeof(text), "%s.%s", objects[i / 10], verbs[(i * 7 + i / 10) % 10]);
		co->action.text[i] = mem_strdup(text);
	}
	for (size_t i = 0; i < PATHS; i++)
		co->path.text[i] = make_path(&c);
	for (size_t i = 0; i < ADDRESSES; i++)
		co->address.text[i] = make_address(&c, i);
	for (size_t i = 0; i < AGENTS; i++)
		co->agent.text[i] = make_agent(i);
}

static void
company_fini(struct company *co)
{
	values_fini(&co->actor);
	values_fini(&co->action);
	values_fini(&co->path);
	values_fini(&co->address);
	values_fini(&co->agent);
}

/* ---- events ---- */

struct request {
	uint64_t high, low; /* its id */
};

static void
put_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

/* "key":"value" with the comma behind; nothing here needs an escape. */
static void
put_member(struct buf *b, const char *key, const char *value)
{
	buf_byte(b, '"');
	put_text(b, key);
	put_text(b, "\":\"");
	put_text(b, value);
	put_text(b, "\",");
}

static void
put_uuid(struct buf *b, uint64_t high, uint64_t low, unsigned version)
{
	buf_printf(b, "%08x-%04x-%u%03x-%04x-%012llx", (unsigned)(high >> 32),
	    (unsigned)(high >> 16 & 0xffff), version, (unsigned)(high & 0xfff),
	    (unsigned)(0x8000 | (low >> 48 & 0x3fff)), (unsigned long long)(low & 0xffffffffffff));
}

static void
put_description(struct buf *b, struct chance *c, bool failed, bool rare)
{
	uint32_t n = 5 + chance_below(c, 10);

	put_text(b, "\"description\":\"");
	if (failed && chance_percent(c, 50))
		put_text(b, "permission denied: ");
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0)
			buf_byte(b, ' ');
		put_text(b, CHANCE_OF(c, words));
	}
	if (chance_percent(c, 3))
		put_text(b, " \\\"quoted\\\" caf\xc3\xa9");
	if (rare)
		put_text(b, " " RARE_WORD);
	put_text(b, "\",");
}

static void
put_context(struct buf *b, struct chance *c)
{
	uint32_t version = chance_below(c, 50);

	buf_printf(b, "\"context\":{\"geo\":{\"region\":\"%s\",\"asn\":%u},\"latency_ms\":%u.%u,\"mfa\":%s",
	    CHANCE_OF(c, regions), 64512 + chance_below(c, 900), chance_below(c, 900),
	    chance_below(c, 10), chance_percent(c, 50) ? "true" : "false");
	if (chance_percent(c, 40))
		buf_printf(b, ",\"tags\":[\"%s\",\"%s\"],\"state\":{\"was\":\"%s\",\"version\":%u}",
		    CHANCE_OF(c, words), CHANCE_OF(c, words), CHANCE_OF(c, words), version);
	put_text(b, "}}\n");
}

/* Nine in ten succeed; failures are worse. */
static void
put_result(struct buf *b, struct chance *c, bool failed)
{
	const char *severity = chance_percent(c, 5) ? "warning" : "info";

	if (failed)
		severity = chance_percent(c, 70) ? "warning" : chance_percent(c, 90) ? "error" : "critical";
	put_member(b, "severity", severity);
	put_member(b, "outcome", failed ? "failure" : chance_percent(c, 1) ? "unknown" : "success");
}

static void
put_event(struct buf *b, const struct company *co, struct chance *c, int64_t time,
    const struct request *request, bool rare)
{
	size_t actor = values_draw(&co->actor, c), action = values_draw(&co->action, c);
	/* people mostly work from one of three addresses of their own */
	size_t address = chance_percent(c, 66) ?
	    (actor * 7919 + chance_below(c, 3)) % ADDRESSES : values_draw(&co->address, c);
	bool failed = chance_percent(c, 9), service = actor % 11 == 7;
	char text[TIME_TEXT_LEN + 1] = { 0 };

	time_format(text, time);
	put_text(b, "{\"id\":\"");
	put_uuid(b, (uint64_t)time / 1000 << 16 | (chance_u64(c) & 0xffff), chance_u64(c), 7);
	put_text(b, "\",");
	put_member(b, "time", text);
	buf_printf(b, "\"tenant\":\"tenant-%02u\",", (unsigned)(actor % 40));
	put_member(b, "category", categories[action % COUNT(categories)]);
	put_member(b, "action", co->action.text[action]);
	put_result(b, c, failed);
	put_description(b, c, failed, rare);
	put_member(b, "actor_id", co->actor.text[actor]);
	put_member(b, "actor_type", service ? "service_account" : "user");
	if (!service)
		buf_printf(b, "\"actor_email\":\"%s@corp.example\",", co->actor.text[actor]);
	put_member(b, "target_path", co->path.text[values_draw(&co->path, c)]);
	put_member(b, "ip", co->address.text[address]);
	put_member(b, "user_agent", co->agent.text[values_draw(&co->agent, c)]);
	buf_printf(b, "\"host\":\"node-%02u.corp.example\",\"request_id\":\"", chance_below(c, HOSTS));
	put_uuid(b, request->high, request->low, 4);
	put_text(b, "\",");
	put_context(b, c);
}

/* Between eight and eighteen o'clock (UTC) events come almost three times as often. */
static int64_t
time_step(struct chance *c, int64_t time, double mean)
{
	int64_t hour = time / (3600 * TIME_SECOND) % 24;
	double rate = hour >= 8 && hour < 18 ? 1.6 : 4.0 / 7;

	return 1 + (int64_t)(2 * chance_share(c) * mean / rate);
}

static int
generate(uint64_t events, uint64_t seed, uint32_t days)
{
	struct company co;
	struct chance c;
	struct request request = { 0 };
	struct buf b = { 0 };
	int64_t time = END_TIME - (int64_t)days * TIME_DAY;
	double mean = (double)days * (double)TIME_DAY / (double)events;
	int rc = 0;

	company_init(&co);
	chance_seed(&c, seed);
	for (uint64_t i = 0; i < events && rc == 0; i++) {
		time += time_step(&c, time, mean);
		if (i == 0 || chance_percent(&c, 60))
			request = (struct request){ chance_u64(&c), chance_u64(&c) };
		put_event(&b, &co, &c, chance_percent(&c, 1) ?
		    time - chance_below(&c, LATE_SECONDS) * TIME_SECOND : time, &request,
		    i % RARE_EVERY == RARE_EVERY / 2);
		if (b.len >= FLUSH_BYTES || i + 1 == events) {
			rc = fwrite(b.p, 1, b.len, stdout) == b.len ? 0 : -1;
			buf_reset(&b);
		}
	}
	buf_fini(&b);
	company_fini(&co);
	return rc == 0 && fflush(stdout) == 0 ? 0 : -1;
}

static uint64_t
number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || n == 0 || n > max) {
		fprintf(stderr, "gen: %s: a number from 1 to %llu is wanted\n", text,
		    (unsigned long long)max);
		exit(2);
	}
	return n;
}

int
main(int argc, char *argv[])
{
	uint64_t events = 1000000, seed = 1, days = 365;
	int option;

	while ((option = getopt(argc, argv, "n:s:d:")) != -1)
		switch (option) {
		case 'n': events = number(optarg, UINT64_C(1) << 40); break;
		case 's': seed = number(optarg, UINT64_MAX); break;
		case 'd': days = number(optarg, 20000); break;
		default: return 2;
		}
	if (generate(events, seed, (uint32_t)days) != 0) {
		perror("gen: standard output");
		return 2;
	}
	return 0;
}
