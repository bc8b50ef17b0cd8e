/* Unit tests of rules in the Sigma format: what they mean, and what is refused where. */
#include "detect/sigma.h"
#include "unit.h"

static const char mapping[] =
    "title: Test\n"
    "sources: [{ product: test }, { product: test, service: \"*\" }]\n"
    "events: source = test\n"
    "keywords: [action]\n"
    "fields:\n"
    "  User: actor_id\n"
    "  Where: ip\n"
    "  Host: host\n"
    "  Name: { place: action, as: \"*:{}\" }\n"
    "  Place: [target_path, { place: share, when: tenant = a }]\n"
    "  Both: { any: [target_id, target_name] }\n"
    "  Kind: { constant: test }\n"
    "  Never: { refuse: no log has it }\n"
    "---\n"
    "sources: [{ product: records }]\n"
    "events: source = records\n"
    "each: context.list\n"
    "fields: { Alias: b.c, In: [type, \"text\"] }\n";

static struct sigma_maps *
test_maps(void)
{
	struct sigma_maps *maps = sigma_maps_new();
	struct err e = ERR_NONE;

	ck_assert_msg(sigma_maps_parse(maps, "map.yaml", str_of(mapping), &e) == 0, "%s", e.text);
	return maps;
}

/* The filter of a rule, or its refusal; yours. */
static char *
answer(const char *text)
{
	struct sigma_maps *maps = test_maps();
	struct sigma_rules rules = { 0 };
	struct err e = ERR_NONE;
	char *out;

	ck_assert_msg(sigma_rules_parse(&rules, maps, "r.yml", str_of(text), &e) == 0, "%s", e.text);
	ck_assert_uint_eq(rules.n, 1);
	ck_assert((rules.rule[0].where != NULL) != (rules.rule[0].refusal != NULL));
	out = mem_strdup(rules.rule[0].where ? rules.rule[0].where : rules.rule[0].refusal);
	sigma_rules_fini(&rules);
	sigma_maps_free(maps);
	return out;
}

/* A detection of the product, its lines from column 3. */
static void
expect(const char *product, const char *detection, const char *prefix, const char *expected)
{
	struct buf rule = { 0 }, whole = { 0 };
	char *got;

	buf_printf(&rule, "title: t\nlogsource: { product: %s }\ndetection:\n  %s\n", product, detection);
	buf_printf(&whole, "%s%s", prefix, expected);
	got = answer(rule.p);
	ck_assert_str_eq(got, whole.p);
	free(got);
	buf_fini(&rule);
	buf_fini(&whole);
}

static void
means(const char *selection, const char *expected)
{
	struct buf detection = { 0 };

	buf_printf(&detection, "a: %s\n  condition: a", selection);
	expect("test", detection.p, "", expected);
	buf_fini(&detection);
}

static void
refused(const char *selection, const char *expected)
{
	means(selection, expected);
}

/* A condition over identifiers a, b, c and _d, which ask for the field of their name. */
static void
condition(const char *text, const char *expected)
{
	struct buf detection = { 0 };

	buf_printf(&detection, "a: {a: 1}\n  b: {b: 1}\n  c_x: {c: 1}\n  _d: {d: 1}\n  condition: %s", text);
	expect("test", detection.p, "", expected);
	buf_fini(&detection);
}

START_TEST(a_value_is_equal_whatever_its_case)
{
	means("{ User: Alice }", "source = test and actor_id like alice");
	means("{ User: [B, a, 5] }", "source = test and actor_id like (5, a, b)");
	means("{ other.name: x }", "source = test and context.other.name like x");
	means("{ 'odd name.x': x }", "source = test and context.\"odd name\".x like x");
	means("{ User: a, other: b }", "source = test and actor_id like a and context.other like b");
	means("[{ User: a }, { other: b }]", "source = test and (actor_id like a or context.other like b)");
}
END_TEST

START_TEST(wildcards_and_backslashes_are_those_of_the_specification)
{
	means("{ User: 'a*b?' }", "source = test and actor_id like a*b?");
	means("{ User: 'a\\*b' }", "source = test and actor_id like a\\*b");
	means("{ User: 'a\\b' }", "source = test and actor_id like a\\\\b");
	means("{ User: 'a\\\\b' }", "source = test and actor_id like a\\\\b");
	means("{ User: 'a\\\\*' }", "source = test and actor_id like a\\\\*");
	means("{ User: 'a\\\\\\*' }", "source = test and actor_id like a\\\\\\*");
	means("{ User: 'a\\\\\\\\b' }", "source = test and actor_id like a\\\\\\\\b");
	means("{ User: 'a,b \"c\"' }", "source = test and actor_id like \"a,b \\\"c\\\"\"");
	means("{ User: 'Zo\xc3\x8b*' }", "source = test and actor_id ~ \"(?is)\\AZo\xc3\x8b\"");
}
END_TEST

START_TEST(nothing_and_null_ask_for_the_field_itself)
{
	means("{ other: null }", "source = test and not has context.other");
	means("{ other: }", "source = test and not has context.other");
	means("{ other: 'null' }", "source = test and context.other like null");
	means("{ other: '' }", "source = test and context.other like \"\"");
	means("{ other: '*' }", "source = test and has context.other");
	means("{ User|exists: true }", "source = test and (has actor_id or has context.User)");
	means("{ User|exists: no }", "source = test and not (has actor_id or has context.User)");
	refused("{ User|exists: maybe }", "4:8: exists: 'maybe' is neither true nor false");
}
END_TEST

START_TEST(wildcards_are_put_around_texts)
{
	means("{ User|contains: a }", "source = test and actor_id like *a*");
	means("{ User|startswith: a }", "source = test and actor_id like a*");
	means("{ User|endswith: [a, '*b'] }", "source = test and actor_id like (*a, *b)");
	means("{ User|contains|all: [a, b] }", "source = test and actor_id like *a* and actor_id like *b*");
	means("{ User|startswith|cased: A }", "source = test and actor_id = A*");
	means("{ Host|cased: A }", "source = test and host ~ \"(?s)(?-i)\\AA\\z\"");
	means("{ User|contains|neq: a }", "source = test and not actor_id like *a*");
	refused("{ User|contains: null }", "4:8: contains: null is no text");
}
END_TEST

START_TEST(encodings_are_those_of_the_specification)
{
	means("{ a|base64: foo }", "source = test and context.a like zm9v");
	means("{ a|cased|base64: foo }", "source = test and context.a = Zm9v");
	means("{ a|base64offset|contains|cased: foobar }",
	    "source = test and context.a in (*Zm9vYmFy*, *Zvb2Jhc*, *mb29iYX*)");
	means("{ a|wide|base64|cased: cmd }", "source = test and context.a = YwBtAGQA");
	means("{ a|utf16le|base64|cased: cmd }", "source = test and context.a = YwBtAGQA");
	means("{ a|utf16be|base64|cased: cmd }", "source = test and context.a = AGMAbQBk");
	means("{ a|utf16|base64|cased: cmd }", "source = test and context.a = \"//5jAG0AZAA=\"");
	means("{ a|wide|base64|cased: \"\\U0001F511\" }", "source = test and context.a = \"PdgR3Q==\"");
	refused("{ a|wide: x }", "4:8: UTF-16 is in no event as it is; base64 or base64offset belongs behind it");
	refused("{ a|wide|wide: x }", "4:8: wide: only base64 and base64offset go behind UTF-16");
	refused("{ a|base64: 'x*' }", "4:8: base64: a value with wildcards cannot be encoded");
}
END_TEST

START_TEST(dashes_of_flags_are_any_of_five)
{
	means("{ a|windash: 'x -y' }",
	    "source = test and context.a like (\"x -y\", \"x /y\", \"x \xe2\x80\x93y\", \"x \xe2\x80\x94y\", \"x \xe2\x80\x95y\")");
	means("{ a|windash: 'x-y - z/' }", "source = test and context.a like \"x-y - z/\"");
	refused("{ a|windash: '-a -b -c -d -e -f' }", "4:8: more than 5000 values");
}
END_TEST

START_TEST(patterns_networks_and_numbers_have_tests_of_their_own)
{
	means("{ a|re: '^a\"b\\d$' }", "source = test and context.a ~ \"^a\"\"b\\d$\"");
	means("{ a|re|i|s: x.y }", "source = test and context.a ~ \"(?is)x.y\"");
	means("{ a|re|m: x }", "source = test and context.a ~ \"(?m)x\"");
	means("{ Host|re: x }", "source = test and host ~ \"(?-i)x\"");
	means("{ Where|cidr: [10.0.0.0/8, 'fe80::/10'] }", "source = test and ip in (10.0.0.0/8, fe80::/10)");
	means("{ a|cidr: 10.0.0.0/8 }", "source = test and context.a within 10.0.0.0/8");
	means("{ Where: 2001:DB8:0:0::1 }", "source = test and ip like \"2001:db8::1\"");
	means("{ a|gte: 5 }", "source = test and context.a >= 5");
	means("{ a|lt: 1.5 }", "source = test and context.a < 1.5");
	refused("{ a|re: '(' }", "4:8: re: no regular expression: missing closing parenthesis, at byte 2 of it");
	refused("{ a|cidr: 10.0.0.1 }", "4:8: cidr: '10.0.0.1' is no network");
	means("{ a|gt: '+5e3' }", "source = test and context.a > 5e3");
	refused("{ a|gt: x }", "4:8: 'x' is no number");
	refused("{ a|gt: '05' }", "4:8: '05' is no number");
	refused("{ a|gt: ' 5' }", "4:8: ' 5' is no number");
	refused("{ a|i: x }", "4:8: the modifier i stands behind re");
	refused("{ a|contains|re: x }", "4:8: re: not with the modifiers before it, nor with null");
	refused("{ a|re|contains: x }", "4:8: contains: not behind re, cidr, exists, fieldref and comparisons");
}
END_TEST

START_TEST(fields_are_compared_with_fields)
{
	means("{ User|fieldref: other }", "source = test and actor_id like field(context.other)");
	means("{ other|fieldref|cased: User }", "source = test and context.other = field(actor_id)");
	refused("{ other|fieldref: Never }", "4:8: the field Never: no log has it");
	refused("{ other|fieldref: Name }", "4:8: the field Name is a part of another and compared with none");
}
END_TEST

/* Names of 32 and 33 parts: the longest path, and one too many. */
START_TEST(a_path_has_a_limit)
{
	static const char parts[] = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.1.2.3.4.5.6.7";
	struct buf selection = { 0 }, expected = { 0 };

	buf_printf(&selection, "{ %.63s: x }", parts);
	buf_printf(&expected, "source = test and context.%.63s like x", parts);
	means(selection.p, expected.p);
	buf_reset(&expected);
	buf_printf(&expected, "4:8: the field %.60s: its path has more than 32 parts", parts);
	buf_reset(&selection);
	buf_printf(&selection, "{ %s: x }", parts);
	refused(selection.p, expected.p);
	buf_reset(&selection);
	buf_printf(&selection, "{ a|fieldref: %s }", parts);
	refused(selection.p, expected.p);
	buf_fini(&selection);
	buf_fini(&expected);
}
END_TEST

START_TEST(modifiers_that_cannot_be_done_are_refused)
{
	refused("{ a|expand: '%servers%' }", "4:8: expand: the placeholder in '%servers%' has no meaning here");
	means("{ a|expand: x }", "source = test and context.a like x");
	refused("{ a|hour: 5 }", "4:8: the modifier hour (a part of a time) is not supported");
	refused("{ a|contain: x }", "4:8: no modifier is called 'contain'; did you mean contains?");
	refused("{ a: { b: c } }", "4:8: expected a value, or a list of them");
	refused("{ a: [] }", "4:8: the list of values is empty");
	refused("{ a: x, a: y }", "4:14: the key 'a' is given twice");
}
END_TEST

START_TEST(a_mapping_says_where_a_field_is)
{
	means("{ user: x }", "source = test and actor_id like x");
	means("{ Name: x }", "source = test and action like *:x");
	means("{ Name|contains: x }", "source = test and action like *:*x*");
	means("{ Name|exists: true }", "source = test and (action like *:* or has context.Name)");
	means("{ Name|re: '^x' }", "source = test and action ~ \"(?s)\\A.*?\\:(?-s:x).*\\z\"");
	refused("{ Name|re: 'a|^x' }", "4:8: the field Name is a part of another: no pattern with ^ or $ within it");
	refused("{ Name|gt: 5 }", "4:8: the field Name is a part of another: it takes texts and patterns only");
	means("{ Place: x }", "source = test and ((tenant = a and not has target_path and share like x) or target_path like x)");
	means("{ Both: x }", "source = test and (target_id like x or target_name like x)");
	means("{ Kind: TEST }", "source = test");
	means("{ Kind: [x, 't*'] }", "source = test");
	means("{ Kind: x }", "not true and source = test");
	refused("{ Never: x }", "4:8: the field Never: no log has it");
}
END_TEST

START_TEST(keywords_are_anywhere)
{
	means("[Foo, 'b c']", "(text = \"b c\" or text = Foo or action like \"*b c*\" or action like *foo*) and source = test");
	means("word", "(text = word or action like *word*) and source = test");
	means("['*x*']", "(text = x or action like *x*) and source = test");
	means("{ '|all': [x, y] }", "(text = x or action like *x*) and (text = y or action like *y*) and source = test");
	means("['a*\"b']", "line ~ \"(?is)a.*\\\\\\\"b\" and source = test");
	means("{ '|re': 'a+' }", "line ~ \"a+\" and source = test");
	means("['*']", "source = test");
	refused("['']", "4:7: the keyword is empty");
	refused("{ '|cidr': 10.0.0.0/8 }", "4:8: a keyword takes texts and regular expressions only");
}
END_TEST

START_TEST(a_rule_of_records_is_asked_of_each)
{
	expect("records", "a: { type: x }\n  b: [word]\n  condition: a and not b", "source = records and ",
	    "any context.list (text != word and type like x)");
	expect("records", "a: { Alias: x, text: y, In: z }\n  condition: a", "source = records and ",
	    "any context.list (\"text\" like y and ((\"text\" like z and not has type) or type like z) and b.c like x)");
	expect("records", "a: ['a*b']\n  condition: a", "4:7: ",
	    "a keyword with wildcards cannot be asked of one record");
}
END_TEST

START_TEST(conditions_join_search_identifiers)
{
	condition("a and not b", "source = test and context.a like 1 and not context.b like 1");
	condition("a or b AND c_x", "source = test and (context.a like 1 or (context.b like 1 and context.c like 1))");
	condition("(a or b) and c_x", "source = test and (context.a like 1 or context.b like 1) and context.c like 1");
	condition("not not a", "source = test and context.a like 1");
	condition("1 of them", "source = test and (context.a like 1 or context.b like 1 or context.c like 1)");
	condition("all of them", "source = test and context.a like 1 and context.b like 1 and context.c like 1");
	condition("1 of c* or _d", "source = test and (context.c like 1 or context.d like 1)");
	condition("any of _*", "source = test and context.d like 1");
	condition("all of *_x", "source = test and context.c like 1");
	condition("[a, b]", "source = test and (context.a like 1 or context.b like 1)");
}
END_TEST

START_TEST(conditions_are_refused_at_their_place)
{
	condition("a and", "8:3: condition, character 6: expected a search identifier, '1 of', 'all of', 'not' or '(', found the end");
	condition("a b", "8:3: condition, character 3: expected 'and', 'or' or the end, found 'b'");
	condition("(a", "8:3: condition, character 3: expected 'and', 'or' or ')', found the end");
	condition("e_x", "8:3: condition, character 1: no search identifier is called 'e_x'; did you mean c_x?");
	condition("1 of q*", "8:3: condition, character 6: no search identifier fits 'q*'");
	condition("2 of them", "8:3: condition, character 1: of a number of identifiers only 1 can be asked for, or all");
	condition("a | count() > 5", "8:3: condition, character 3: aggregations behind | are no part of the format any more;"
	    " a correlation says it");
	condition("{ a: b }", "8:3: expected a condition");
	condition("[]", "8:3: expected a condition");
}
END_TEST

START_TEST(parentheses_of_a_condition_have_a_limit)
{
	struct buf text = { 0 };

	for (int i = 0; i < 50; i++)
		buf_byte(&text, '(');
	buf_byte(&text, 'a');
	for (int i = 0; i < 50; i++)
		buf_byte(&text, ')');
	buf_byte(&text, '\0');
	condition(text.p, "source = test and context.a like 1");
	buf_reset(&text);
	buf_printf(&text, "(%050d", 0);
	for (int i = 1; i <= 50; i++)
		text.p[i] = '(';
	condition(text.p, "8:3: condition, character 52: too many parentheses inside each other");
	buf_fini(&text);
}
END_TEST

START_TEST(what_is_no_rule_is_refused_with_its_line)
{
	static const struct {
		const char *text, *refusal;
	} rules[] = {
		{ "title: x\n", "1:1: the rule has no logsource" },
		{ "logsource: { product: test }\n", "1:1: the rule has no detection" },
		{ "logsource: { product: test }\ndetection: { a: b }\n", "2:1: the detection has no condition" },
		{ "logsource: { product: nix, service: s }\n", "1:1: no mapping for product 'nix' category '' service 's'" },
		{ "title: [x]\n", "1:1: title: expected one value" },
		{ "tags: { a: b }\n", "1:9: tags: expected a list of values" },
		{ "\n\nlevel: hgih\n", "3:1: no level is called 'hgih'; did you mean high?" },
		{ "action: global\n", "1:1: collections by 'action' are no part of the format any more" },
		{ "filter: { rules: [a] }\n", "1:1: a filter of other rules is not supported" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		char *got = answer(rules[i].text);

		ck_assert_str_eq(got, rules[i].refusal);
		free(got);
	}
}
END_TEST

START_TEST(a_file_has_several_documents)
{
	static const char text[] =
	    "---\ntitle: One\nid: 1-2\nlevel: high\ntags: [attack.t1, b]\nlogsource: { product: test, service: s }\n"
	    "detection: { a: [x], condition: a }\n---\n---\ntitle: Two\n---\n"
	    "name: both\ncorrelation:\n  type: value_count\n  rules: [1-2, two]\n  group-by: [User, ip]\n  timespan: 90m\n"
	    "  condition: { field: Host, gt: 5, lte: 10 }\n  aliases: { ip: { 1-2: Where, two: src } }\n  generate: true\n";
	struct sigma_maps *maps = test_maps();
	struct sigma_rules rules = { 0 };
	struct str_list fields = { 0 };
	struct err e = ERR_NONE;
	const struct sigma_correlation *c;

	ck_assert_msg(sigma_rules_parse(&rules, maps, "r.yml", str_of(text), &e) == 0, "%s", e.text);
	ck_assert_uint_eq(rules.n, 3);
	ck_assert_uint_eq(rules.rule[0].line, 2);
	ck_assert_str_eq(rules.rule[0].id, "1-2");
	ck_assert_int_eq(rules.rule[0].level, SIGMA_HIGH);
	ck_assert_uint_eq(rules.rule[0].tags.n, 2);
	ck_assert_str_eq(rules.rule[0].service, "s");
	ck_assert_str_eq(rules.rule[0].description, "");
	ck_assert_ptr_nonnull(rules.rule[0].where);
	ck_assert_int_eq(sigma_rule_field(&rules.rule[0], "Place", &fields, &e), 0);
	ck_assert_int_eq(sigma_rule_field(&rules.rule[0], "o.x", &fields, &e), 0);
	ck_assert_uint_eq(fields.n, 3);
	ck_assert_str_eq(fields.item[0], "target_path");
	ck_assert_str_eq(fields.item[2], "context.o.x");
	ck_assert_int_eq(sigma_rule_field(&rules.rule[0], "Never", &fields, &e), -1);
	ck_assert_str_eq(rules.rule[1].refusal, "10:1: the rule has no logsource");
	ck_assert_uint_eq(rules.rule[1].refusal_line, 10);
	c = rules.rule[2].correlation;
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(c->kind, SIGMA_VALUE_COUNT);
	ck_assert_str_eq(c->rules.item[1], "two");
	ck_assert_str_eq(c->group_by.item[0], "User");
	ck_assert_str_eq(c->field.item[0], "Host");
	ck_assert_int_eq(c->timespan, INT64_C(5400000000));
	ck_assert_uint_eq(c->bounds, 2);
	ck_assert_int_eq(c->bound[1].sign, SIGMA_LTE);
	ck_assert_uint_eq(c->bound[1].count, 10);
	ck_assert_uint_eq(c->aliases, 2);
	ck_assert_str_eq(c->alias[1].field, "src");
	ck_assert(c->generate);
	str_list_fini(&fields);
	sigma_rules_fini(&rules);
	sigma_maps_free(maps);
}
END_TEST

START_TEST(correlations_are_complete_or_refused)
{
	static const struct {
		const char *text, *refusal;
	} rules[] = {
		{ "correlation: x\n", "1:1: correlation: expected a mapping" },
		{ "correlation: { rules: [a] }\n", "1:1: correlation: type is missing" },
		{ "correlation: { type: temporal }\n", "1:1: correlation: rules are missing" },
		{ "correlation: { type: temporel }\n", "1:16: type: 'temporel' is not known; did you mean temporal?" },
		{ "correlation: { type: temporal, rules: [a] }\n", "1:1: correlation: timespan is missing" },
		{ "correlation: { timespan: 5w }\n", "1:16: timespan: '5w' is no number with s, m, h or d behind it" },
		{ "correlation: { timespan: 9999999d }\n", "1:16: timespan: '9999999d' is longer than ten years" },
		{ "correlation: { type: event_count, rules: [a], timespan: 5m }\n",
		    "1:1: correlation: a condition with a number is missing" },
		{ "correlation: { type: event_count, rules: [a], timespan: 5m, condition: { gte: x } }\n",
		    "1:74: gte: expected a whole number" },
		{ "correlation: { type: value_count, rules: [a], timespan: 5m, condition: { gte: 5 } }\n",
		    "1:1: correlation: the field whose values are counted is missing" },
		{ "correlation: { group_by: x }\n", "1:16: correlation: unknown key 'group_by'; the nearest is group-by" },
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		char *got = answer(rules[i].text);

		ck_assert_str_eq(got, rules[i].refusal);
		free(got);
	}
}
END_TEST

START_TEST(what_is_no_yaml_or_beyond_a_limit_is_an_error_of_the_file)
{
	struct sigma_maps *maps = test_maps();
	struct sigma_rules rules = { 0 };
	struct err e = ERR_NONE;
	struct buf deep = { 0 };

	ck_assert_int_eq(sigma_rules_parse(&rules, maps, "r.yml", STR("title: a\n---\na: ["), &e), -1);
	ck_assert(strncmp(e.text, "r.yml:", 6) == 0);
	ck_assert_uint_eq(rules.n, 0);
	err_clear(&e);
	ck_assert_int_eq(sigma_rules_parse(&rules, maps, "r.yml", STR("a: &x 1\n"), &e), -1);
	ck_assert_str_eq(e.text, "r.yml:1:4: anchors and aliases are not allowed");
	err_clear(&e);
	buf_str(&deep, STR("a: "));
	for (int i = 0; i < 30; i++)
		buf_byte(&deep, '[');
	ck_assert_int_eq(sigma_rules_parse(&rules, maps, "r.yml", buf_view(&deep), &e), -1);
	ck_assert_str_eq(e.text, "r.yml:1:24: more than 20 mappings and lists inside each other");
	err_clear(&e);
	buf_reset(&deep);
	for (int i = 0; i <= SIGMA_RULES_MAX; i++)
		buf_str(&deep, STR("---\na: b\n"));
	ck_assert_int_eq(sigma_rules_parse(&rules, maps, "r.yml", buf_view(&deep), &e), -1);
	ck_assert_uint_eq(rules.n, 0);
	buf_fini(&deep);
	sigma_rules_fini(&rules);
	sigma_maps_free(maps);
}
END_TEST

START_TEST(mappings_are_read_strictly)
{
	static const struct {
		const char *text, *message;
	} maps[] = {
		{ "events: source = a\n", "m:2:1: sources is missing" },
		{ "sources: [{ product: a }]\n", "m:2:1: events is missing" },
		{ "sources: [{ }]\n", "m:1:13: sources: one of product, category and service is needed" },
		{ "sources: [{ prodct: a }]\n", "m:1:13: unknown key 'prodct'; the nearest is product" },
		{ "fields: { a: acton }\n", "m:1:14: no field is called 'acton'; did you mean action?" },
		{ "fields: { a: time }\n", "m:1:14: time is a time: rules cannot ask for it" },
		{ "fields: { a: b.c, a: d }\n", "m:1:14: no field is called 'b'" },
		{ "fields: { a: ip, a: ip }\n", "m:1:18: the field 'a' is given twice" },
		{ "fields: { a: { refuse: x, any: [ip] } }\n",
		    "m:1:37: a: one of place, any, constant and refuse is needed" },
		{ "fields: { a: { place: ip, as: x } }\n", "m:1:31: as: the value's place {} is missing" },
		{ "sources: [{ product: a }]\nevents: sorce = a\n",
		    "m:3:1: events: --where: column 1: no field is called 'sorce'; did you mean source?" },
		{ "sources: [{ product: a }]\nevents: source = a\nfields: { f: { place: ip, when: x } }\n",
		    "m:4:1: f: --where: column 18: no field is called 'x'" },
		{ "sources: [{ product: a }]\nevents: source = a\neach: action\n",
		    "m:4:1: each: --where: column 1: any takes a list in context or changes" },
	};

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct sigma_maps *m = sigma_maps_new();
		struct err e = ERR_NONE;

		ck_assert_int_eq(sigma_maps_parse(m, "m", str_of(maps[i].text), &e), -1);
		ck_assert_str_eq(e.text, maps[i].message);
		sigma_maps_free(m);
	}
}
END_TEST

START_TEST(a_mapping_added_later_is_asked_first)
{
	struct sigma_maps *maps = test_maps();
	struct sigma_rules rules = { 0 };
	struct err e = ERR_NONE;

	ck_assert_int_eq(sigma_maps_parse(maps, "mine", STR("sources: [{ product: test }]\nevents: source = mine\n"), &e), 0);
	ck_assert_int_eq(sigma_rules_parse(&rules, maps, "r", STR("logsource: { product: test }\n"
	    "detection: { a: [x], condition: a }\n---\nlogsource: { product: test, service: s }\n"
	    "detection: { a: [x], condition: a }\n"), &e), 0);
	ck_assert_str_eq(rules.rule[0].where, "text = x and source = mine");
	ck_assert_str_eq(rules.rule[1].where, "(text = x or action like *x*) and source = test");
	sigma_rules_fini(&rules);
	sigma_maps_free(maps);
}
END_TEST

static Suite *
sigma_suite(void)
{
	Suite *s = suite_create("detect sigma");
	TCase *c = tcase_create("rules");

	tcase_add_test(c, a_value_is_equal_whatever_its_case);
	tcase_add_test(c, wildcards_and_backslashes_are_those_of_the_specification);
	tcase_add_test(c, nothing_and_null_ask_for_the_field_itself);
	tcase_add_test(c, wildcards_are_put_around_texts);
	tcase_add_test(c, encodings_are_those_of_the_specification);
	tcase_add_test(c, dashes_of_flags_are_any_of_five);
	tcase_add_test(c, patterns_networks_and_numbers_have_tests_of_their_own);
	tcase_add_test(c, fields_are_compared_with_fields);
	tcase_add_test(c, a_path_has_a_limit);
	tcase_add_test(c, modifiers_that_cannot_be_done_are_refused);
	tcase_add_test(c, a_mapping_says_where_a_field_is);
	tcase_add_test(c, keywords_are_anywhere);
	tcase_add_test(c, a_rule_of_records_is_asked_of_each);
	tcase_add_test(c, conditions_join_search_identifiers);
	tcase_add_test(c, conditions_are_refused_at_their_place);
	tcase_add_test(c, parentheses_of_a_condition_have_a_limit);
	tcase_add_test(c, what_is_no_rule_is_refused_with_its_line);
	tcase_add_test(c, a_file_has_several_documents);
	tcase_add_test(c, correlations_are_complete_or_refused);
	tcase_add_test(c, what_is_no_yaml_or_beyond_a_limit_is_an_error_of_the_file);
	tcase_add_test(c, mappings_are_read_strictly);
	tcase_add_test(c, a_mapping_added_later_is_asked_first);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(sigma_suite)
