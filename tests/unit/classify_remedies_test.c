/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classify_remedies_test - every class has advice for every kind in both languages, chosen by what is known; no text and
 * no command loses mail; what the log says never becomes part of a command unless it is a plain name
 */
#include <iconv.h>

#include "classify/remedies.h"
#include "lib/codec/value.h"
#include "tests/unit/support.h"

#define S(text)                                                                                                        \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	} /* as an initialiser */

enum { TEXT_MAX = 2200, COMMAND_MAX = 1200, LEAST_EN = 150, LEAST_ZH = 120 };

static const struct embedded_file *file_of(const char *name)
{
	const struct embedded_file *f = embedded_files;

	while (f->name != NULL && strcmp(f->name, name) != 0)
		f++;
	expect(f->name != NULL, name);
	return f;
}

static const struct val *document(const char *name, struct arena *a)
{
	const struct embedded_file *f = file_of(name);
	const struct val *doc;
	struct err err = {0};

	expect(val_from_yaml(str_of(f->text, f->n), f->name, a, &doc, &err) == 0, err.msg);
	return doc;
}

static struct remedies *load(void)
{
	struct err err = {0};
	struct remedies *r = remedies_load(&err);

	expect(r != NULL, err.msg);
	return r;
}

typedef void case_fn(const struct remedy_case *q, const struct remedy *remedy, struct arena *a);

/* Every class, kind, and what may be known of whether it worked, for one MTA. */
static void for_all_cases(enum mta mta, case_fn *fn)
{
	struct remedies *r = load();
	struct arena a = ARENA_INIT;

	for (int c = CLASS_none + 1; c < CLASS_N; c++)
		for (int kind = KIND_UNKNOWN; kind <= KIND_INTERNET; kind++)
			for (int worked = WORKED_UNKNOWN; worked <= WORKED_BEFORE; worked++) {
				const struct remedy_case q = {
				    .class = (enum class)c,
				    .kind = (enum kind)kind,
				    .worked = (enum worked)worked,
				    .domain = STR("far.example"),
				    .host = STR("mx.far.example"),
				    .mtas = {mta},
				    .n_mtas = mta != MTA_UNKNOWN,
				};
				struct remedy remedy;
				remedies_find(r, &q, &a, &remedy);
				fn(&q, &remedy, &a);
			}
	arena_release(&a);
	remedies_free(r);
}

static void check_whole(const struct remedy_case *q, const struct remedy *remedy, struct arena *a)
{
	const char *class = class_names[q->class];
	struct str en = remedy->text, zh = remedy->text_zh_tw;

	(void)a;
	expect(en.n > LEAST_EN && en.n < TEXT_MAX, class);
	expect(zh.n > LEAST_ZH && zh.n < TEXT_MAX, class);
	expect(str_ends(en, STR(".")) && str_find(en, STR("..")) < 0 && str_find(en, STR("  ")) < 0, class);
	expect(str_ends(zh, STR("。")) && str_find(zh, STR("。。")) < 0 && str_find(zh, STR("。 ")) < 0, class);
	expect((str_find(en, STR("ontact the partner")) >= 0) == (q->kind == KIND_PARTNER), class);
	expect((str_find(zh, STR("聯絡合作夥伴")) >= 0) == (q->kind == KIND_PARTNER), class);
	bool prose = str_find(en, STR("look again")) >= 0 || str_find(en, STR("check after an hour")) >= 0;
	expect(prose == (remedy->look_again_ms >= 0), class);
	expect((str_find(zh, STR("再確認")) >= 0 || str_find(zh, STR("一小時後確認")) >= 0) == prose, class);
}

static void test_whole(void **state)
{
	struct remedies *r = load();
	struct remedy remedy;
	struct arena a = ARENA_INIT;

	(void)state;
	for_all_cases(MTA_UNKNOWN, check_whole);
	for_all_cases(MTA_EXCHANGE_ONLINE, check_whole);
	remedies_find(r, &(struct remedy_case){.class = CLASS_none, .mtas = {MTA_EXIM}, .n_mtas = 1}, &a, &remedy);
	expect(remedy.text.n + remedy.text_zh_tw.n + remedy.fix_now.n + remedy.links.n == 0, "no class");
	expect_i64(remedy.look_again_ms, -1, "no class");
	arena_release(&a);
	remedies_free(r);
}

/* What must be said, and what must not, in which case. */
static void test_choice(void **state)
{
	static const struct {
		struct remedy_case q;
		const char *words;
		bool want;
	} rows[] = {
	    {{.class = CLASS_unreachable, .kind = KIND_PARTNER}, "network team both addresses", true},
	    {{.class = CLASS_unreachable, .kind = KIND_PARTNER}, "theirs to mend", false},
	    {{.class = CLASS_unreachable, .detail = S("ipv6_no_route")}, "inet_protocols", true},
	    {{.class = CLASS_unreachable}, "IPv6", false},
	    {{.class = CLASS_certificate_invalid, .kind = KIND_OWN, .detail = S("expired")},
	     "it must be renewed",
	     true},
	    {{.class = CLASS_certificate_invalid, .kind = KIND_OWN, .detail = S("expired")}, "Likely:", false},
	    {{.class = CLASS_certificate_invalid, .detail = S("name_mismatch")}, "the names do not match", true},
	    {{.class = CLASS_certificate_invalid, .detail = S("untrusted")}, "intermediate certificate", true},
	    {{.class = CLASS_certificate_invalid, .detail = S("revoked")}, "was revoked: it must be replaced", true},
	    {{.class = CLASS_certificate_invalid, .detail = S("not_yet_valid")}, "compare the clocks", true},
	    {{.class = CLASS_certificate_invalid, .detail = S("something")}, "Likely:", true},
	    {{.class = CLASS_tls_unavailable, .detail = S("required_by=us")}, "it is our side that requires TLS", true},
	    {{.class = CLASS_tls_unavailable, .detail = S("required_by=them")}, "their server that requires TLS", true},
	    {{.class = CLASS_tls_unavailable, .kind = KIND_PARTNER}, "theirs to mend", true},
	    {{.class = CLASS_tls_unavailable, .kind = KIND_PARTNER, .owner = OWNER_SENDER}, "theirs to mend", false},
	    {{.class = CLASS_rate_limited, .kind = KIND_PARTNER}, "Slow down", true},
	    {{.class = CLASS_rate_limited, .kind = KIND_PARTNER}, "theirs to mend", false},
	    {{.class = CLASS_rate_limited, .provider = S("yahoo")}, "2 to 4 hours; contact them", true},
	    {{.class = CLASS_rate_limited, .provider = S("google")}, "Postmaster Tools", true},
	    {{.class = CLASS_rate_limited, .provider = S("google")}, "Yahoo", false},
	    {{.class = CLASS_rate_limited, .provider = S("office365")}, "inbound connector", true},
	    {{.class = CLASS_ip_reputation, .provider = S("office365")}, "delist portal", true},
	    {{.class = CLASS_ip_reputation, .provider = S("outlook")}, "SNDS", true},
	    {{.class = CLASS_mailbox_full, .provider = S("google")}, "Google", false},
	    {{.class = CLASS_outdated_server}, "New-TenantExemptionInfo", true},
	    {{.class = CLASS_local_config, .kind = KIND_PARTNER}, "on our side", true},
	    {{.class = CLASS_local_config, .kind = KIND_PARTNER}, "theirs to mend", false},
	    {{.class = CLASS_greylisted, .kind = KIND_PARTNER}, "theirs to mend", false},
	    {{.class = CLASS_mailbox_unavailable}, "no reason to take them off a list", true},
	};
	struct remedies *r = load();
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct remedy remedy;
		remedies_find(r, &rows[i].q, &a, &remedy);
		if ((str_find(remedy.text, str_from(rows[i].words)) >= 0) != rows[i].want)
			fail_msg("%s, %s: \"%s\" in: %.*s", class_names[rows[i].q.class], kind_names[rows[i].q.kind],
			         rows[i].words, STR_FMT(remedy.text));
	}
	arena_release(&a);
	remedies_free(r);
}

/* Both languages: the same keys in the same order, as many items, the same commands in backquotes. */
static void compare(const struct val *x, const struct val *y, const char *path, struct arena *a)
{
	if (x->kind != y->kind || (x->kind >= VAL_LIST && x->n != y->n))
		fail_msg("%s: line %d and line %d differ in structure", path, x->line, y->line);
	if (x->kind == VAL_STR) {
		struct str s = x->s, t = y->s, between, other;
		bool inside = false;

		while (str_cut(&s, '`', &between)) {
			expect(str_cut(&t, '`', &other) && (!inside || str_eq(between, other)), path);
			inside = !inside;
		}
		expect(!inside && str_chr(t, '`') < 0 && s.n > 0 && t.n > 0, path);
	}
	for (size_t i = 0; x->kind >= VAL_LIST && i < x->n; i++) {
		struct str key = x->kind == VAL_MAP ? x->keys[i].s : arena_fmt(a, "%zu", i);
		struct str below = arena_fmt(a, "%s/%.*s", path, STR_FMT(key));

		expect(x->kind == VAL_LIST || str_eq(key, y->keys[i].s), below.p);
		compare(&x->items[i], &y->items[i], below.p, a);
	}
}

static void test_same_structure(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	compare(document("classify/remedies/en.yaml", &a), document("classify/remedies/zh-TW.yaml", &a), "", &a);
	arena_release(&a);
}

/* Big5 has no character that only simplified Chinese has, but a few that stand for others there. */
static void test_taiwan(void **state)
{
	static const char *const wrong[] = {
	    "服務器", "郵箱", "域名", "網絡", "信息", "默認", "軟件", "硬件",     "文件",         "程序員", "登錄",
	    "隊列",   "證書", "端口", "配置", "支持", "緩存", "質量", "網關",     "數據",         "日誌",   "鏈接",
	    "字符",   "優化", "發送", "訪問", "超時", "協議", "兼容", "激活",     "內存",         "磁盤",   "進程",
	    "線程",   "運行", "宕機", "賬",   "彈回", "后",   "么",   "郵件系統", "不存在的問題", "您的",
	};
	const struct embedded_file *f = file_of("classify/remedies/zh-TW.yaml");
	struct str text = str_of(f->text, f->n), rest = text;
	char *big5 = malloc(f->n * 2), *to = big5;
	char *from = (char *)(uintptr_t)f->text;
	size_t n = f->n, room = f->n * 2;
	iconv_t cd = iconv_open("BIG5", "UTF-8");
	ssize_t at;

	(void)state;
	assert_true(cd != (iconv_t)-1); // NOLINT: that is what it returns
	if (iconv(cd, &from, &n, &to, &room) == (size_t)-1)
		fail_msg("not in Big5: %.12s", from);
	iconv_close(cd);
	free(big5);
	for (size_t i = 0; i < LEN(wrong); i++)
		expect(str_find(text, str_from(wrong[i])) < 0, wrong[i]);
	while ((at = str_find(rest, STR("連接"))) >= 0) {
		rest = str_skip(rest, (size_t)at + 6);
		expect(str_starts(rest, STR("器")) || str_starts(rest, STR("埠")), "連接 for 連線");
	}
}

/* What would lose mail, or NULL. Beside what is forbidden by name, each flag that works on messages must be one of those
 * that lose nothing. */
static const char *loss_in(struct str text)
{
	static const char *const forbidden[] = {
	    "$false", "qmHandle", "qtool",  "--suppress-logging", "--everything", "mqueue", "rm -", "| rm",
	    "unlink", "-delete",  "/spool", "discard:",           " ALL"};
	static const struct {
		const char *before, *allowed; /* words that may come next, each ended by a space */
	} flags[] = {{"postsuper -", "h H f "},
	             {"exim -M", " f t g "},
	             {"kcli ", "rebind suspend suspend-list suspend-cancel bounce "}};

	for (size_t i = 0; i < LEN(forbidden); i++)
		if (str_find(text, str_from(forbidden[i])) >= 0)
			return forbidden[i];
	for (size_t i = 0; i < LEN(flags); i++) {
		struct str rest = text;
		ssize_t at;
		while ((at = str_find(rest, str_from(flags[i].before))) >= 0) {
			struct str allowed = str_from(flags[i].allowed), word, next;
			bool fine = false;

			rest = str_skip(rest, (size_t)at + strlen(flags[i].before));
			if (!str_cut(&(struct str){rest.p, rest.n}, ' ', &next))
				next = rest;
			while (str_cut(&allowed, ' ', &word))
				fine |= str_eq(word, next);
			if (!fine)
				return flags[i].before;
		}
	}
	return NULL;
}

static void check_strings(const struct val *v, const char *file)
{
	const char *loss = v->kind == VAL_STR ? loss_in(v->s) : NULL;

	if (loss != NULL)
		fail_msg("%s:%d: %s", file, v->line, loss);
	for (size_t i = 0; v->kind >= VAL_LIST && i < v->n; i++)
		check_strings(&v->items[i], file);
}

static void test_no_loss(void **state)
{
	static const char *const files[] = {"classify/remedies/common.yaml", "classify/remedies/en.yaml",
	                                    "classify/remedies/zh-TW.yaml"};
	static const struct {
		const char *mta, *bounces;
	} rejects[] = {{"postfix", "postsuper -f -"},
	               {"exim", "xargs -r exim -Mg"},
	               {"sendmail", "error:5.1.1:550"},
	               {"exchange", "Remove-Message -WithNDR $true"},
	               {"kumomta", "kcli bounce --domain '{domain}'"}};
	struct arena a = ARENA_INIT;
	const struct val *commands = val_get(document(files[0], &a), "commands");

	(void)state;
	for (size_t i = 0; i < LEN(files); i++)
		check_strings(document(files[i], &a), files[i]);
	expect(commands->n == LEN(rejects), "commands");
	for (size_t i = 0; i < LEN(rejects); i++) {
		const struct val *of = val_get(commands, rejects[i].mta);
		expect(str_find(val_str(val_get(of, "reject")), str_from(rejects[i].bounces)) >= 0, rejects[i].mta);
		expect(of->n == FIX_REJECT, rejects[i].mta);
	}
	/* KumoMTA sends nobody a report of it: that is the first to be said. */
	for (size_t i = 1; i < LEN(files); i++) {
		const struct val *notes = val_get(val_get(document(files[i], &a), "notes"), "kumomta");
		struct str note = val_str(val_get(notes, "reject"));
		expect(str_starts(note, STR("WARNING: no sender hears")) || str_starts(note, STR("警告：")), files[i]);
		expect(str_find(note, STR("AdminBounce")) >= 0, files[i]);
	}
	arena_release(&a);
}

/* The scan above must be able to fail. */
static void test_losses_are_seen(void **state)
{
	static const char *const losses[] = {"postsuper -d -",
	                                     "xargs exim -Mrm",
	                                     "exim -Mmad 1",
	                                     "-WithNDR $false",
	                                     "qmHandle -D",
	                                     "rm -f x",
	                                     "kcli xfer a",
	                                     "postsuper -r -",
	                                     "kcli bounce --everything",
	                                     "find /var/spool/mqueue -delete"};

	(void)state;
	for (size_t i = 0; i < LEN(losses); i++)
		expect(loss_in(str_from(losses[i])) != NULL, losses[i]);
	expect(loss_in(STR("postsuper -f - && exim -Mg 1 | xargs -r exim -M")) == NULL, "harmless");
}

static void check_fixes(const struct remedy_case *q, const struct remedy *remedy, struct arena *a)
{
	const struct fix *items = remedy->fix_now.items;
	bool held = false, released = false;

	(void)a;
	for (size_t i = 0; i < remedy->fix_now.n; i++) {
		const char *class = class_names[q->class];

		expect(items[i].mta == (int)q->mtas[0] && items[i].command.n < COMMAND_MAX, class);
		expect(items[i].title.n > 0 && items[i].title_zh_tw.n > 0, class);
		expect((items[i].note.n > 0) == (items[i].note_zh_tw.n > 0), class);
		expect(items[i].action != FIX_REJECT || (q->kind == KIND_OWN && items[i].note.n > 0), class);
		expect(str_chr(items[i].command, '{') < 0 || q->mtas[0] == MTA_EXCHANGE, class);
		held |= items[i].action == FIX_HOLD;
		released |= items[i].action == FIX_RELEASE;
	}
	expect(held == released, "what can be held can be released");
}

static void test_fixes(void **state)
{
	static const enum mta mtas[] = {MTA_POSTFIX, MTA_EXIM, MTA_SENDMAIL, MTA_EXCHANGE, MTA_KUMOMTA};
	static const struct {
		enum class class;
		enum kind kind;
		size_t n;
	} rows[] = {{CLASS_connect_refused, KIND_OWN, 4},      {CLASS_connect_refused, KIND_PARTNER, 3},
	            {CLASS_connect_refused, KIND_INTERNET, 3}, {CLASS_rate_limited, KIND_INTERNET, 2},
	            {CLASS_greylisted, KIND_OWN, 0},           {CLASS_too_many_recipients, KIND_OWN, 0}};
	struct remedies *r = load();
	struct arena a = ARENA_INIT;
	struct remedy remedy;

	(void)state;
	for (size_t m = 0; m < LEN(mtas); m++) {
		for_all_cases(mtas[m], check_fixes);
		for (size_t i = 0; i < LEN(rows); i++) {
			const struct remedy_case q = {
			    .class = rows[i].class, .kind = rows[i].kind, .mtas = {mtas[m]}, .n_mtas = 1};
			remedies_find(r, &q, &a, &remedy);
			expect_i64((int64_t)remedy.fix_now.n, (int64_t)rows[i].n, class_names[rows[i].class]);
		}
	}
	const struct remedy_case other = {.class = CLASS_connect_refused, .mtas = {MTA_POWERMTA}, .n_mtas = 1};
	remedies_find(r, &other, &a, &remedy);
	expect_i64((int64_t)remedy.fix_now.n, 0, "an MTA without commands");
	arena_release(&a);
	remedies_free(r);
}

static void test_names_in_commands(void **state)
{
	static const struct {
		const char *domain, *host, *want;
		bool all, noted;
	} rows[] = {
	    {"far.example", "mx.far.example", "'far.example' -or NextHopDomain -eq 'mx.far.example'", true, false},
	    {"far.example", "mx.far.example", "'far.example' -or NextHopDomain -eq 'mx.far.example'", false, true},
	    {"", "", "'DOMAIN' -or NextHopDomain -eq 'HOST'", false, false},
	    {"a'; x", "$(x)", "'DOMAIN' -or NextHopDomain -eq 'HOST'", false, false},
	    {"a\"b.example", "2001:db8::1", "'DOMAIN' -or NextHopDomain -eq 'HOST'", false, false},
	    {"-x.example", ".example", "'DOMAIN' -or NextHopDomain -eq 'HOST'", false, false},
	    {"a|b", "a\\b", "'DOMAIN' -or NextHopDomain -eq 'HOST'", false, false},
	    {"b\xc3\xbc.example", "a b", "'DOMAIN' -or NextHopDomain -eq 'HOST'", false, false},
	};
	struct remedies *r = load();
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct remedy_case q = {.class = CLASS_connect_refused,
		                              .kind = KIND_OWN,
		                              .domain = str_from(rows[i].domain),
		                              .host = str_from(rows[i].host),
		                              .domain_is_all = rows[i].all,
		                              .mtas = {MTA_EXCHANGE, MTA_EXIM},
		                              .n_mtas = 2};
		struct remedy remedy;

		remedies_find(r, &q, &a, &remedy);
		const struct fix *items = remedy.fix_now.items;
		expect(str_find(items[0].command, str_from(rows[i].want)) >= 0, rows[i].domain);
		expect((str_find(items[0].note, STR("that failed last")) >= 0) == rows[i].noted, rows[i].domain);
		expect(str_find(items[4].command, i < 2 ? STR("'@far[.]example$'") : STR("'@DOMAIN$'")) >= 0, "exim");
	}
	arena_release(&a);
	remedies_free(r);
}

static void test_links(void **state)
{
	static const struct {
		struct remedy_case q;
		const char *url;
		bool want;
	} rows[] = {
	    {{.class = CLASS_rate_limited, .provider = S("google")}, "https://postmaster.google.com/", true},
	    {{.class = CLASS_rate_limited, .provider = S("google")}, "https://support.google.com/a/answer/81126", true},
	    {{.class = CLASS_mailbox_full, .provider = S("google")}, "https://postmaster.google.com/", false},
	    {{.class = CLASS_rate_limited, .provider = S("yahoo")}, "https://senders.yahooinc.com/", true},
	    {{.class = CLASS_ip_reputation, .provider = S("office365")}, "https://sender.office.com/", true},
	    {{.class = CLASS_ip_reputation, .provider = S("outlook")},
	     "https://sendersupport.olc.protection.outlook.com/snds/",
	     true},
	    {{.class = CLASS_outdated_server}, "https://aka.ms/BlockUnsafeExchange", true},
	    {{.class = CLASS_connect_timeout, .mtas = {MTA_POSTFIX}, .n_mtas = 1},
	     "https://www.postfix.org/postsuper.1.html",
	     true},
	    {{.class = CLASS_greylisted, .mtas = {MTA_POSTFIX}, .n_mtas = 1},
	     "https://www.postfix.org/postsuper.1.html",
	     false},
	};
	struct remedies *r = load();
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct remedy remedy;
		bool found = false;

		remedies_find(r, &rows[i].q, &a, &remedy);
		const struct link *items = remedy.links.items;
		for (size_t k = 0; k < remedy.links.n; k++) {
			expect(str_starts(items[k].url, STR("https://")) && str_chr(items[k].url, ' ') < 0, "a URL");
			found |= str_eq(items[k].url, str_from(rows[i].url));
		}
		expect(found == rows[i].want, rows[i].url);
	}
	arena_release(&a);
	remedies_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole),          cmocka_unit_test(test_choice),
	    cmocka_unit_test(test_same_structure), cmocka_unit_test(test_taiwan),
	    cmocka_unit_test(test_no_loss),        cmocka_unit_test(test_losses_are_seen),
	    cmocka_unit_test(test_fixes),          cmocka_unit_test(test_names_in_commands),
	    cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
