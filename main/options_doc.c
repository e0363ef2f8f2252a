/* SPDX-License-Identifier: Apache-2.0 */
/* options_doc - what people read of the options, made from the same tables as the parser */
#include <string.h>

#include "main/config_priv.h"
#include "main/options.h"
#include "main/layout.h"

/* Keys above the last one: "alert.own" of "alert.own.near_expiry". */
static struct str parent_of(const char *path)
{
	ssize_t dot = str_rchr(str_from(path), '.');

	return str_head(str_from(path), dot < 0 ? 0 : (size_t)dot);
}

static struct str leaf_of(const char *path)
{
	struct str parent = parent_of(path);

	return str_skip(str_from(path), parent.n ? parent.n + 1 : 0);
}

/* The outermost key: "alert" of "alert.own.near_expiry"; empty of an option at the top. */
static struct str chapter_of(const char *path)
{
	ssize_t dot = str_chr(str_from(path), '.');

	return str_head(str_from(path), dot < 0 ? 0 : (size_t)dot);
}

/* A default that is not what the program runs with. */
static const char *special_default(const struct config_option *o)
{
	return strcmp(o->path, "instance") == 0      ? "the host name"
	       : strcmp(o->path, "emit.source") == 0 ? "/qlapse/APP"
	                                             : NULL;
}

static void markdown_options(const struct config *c, struct buf *out)
{
	struct str chapter = STR_NONE;

	for (size_t i = 0; i < n_config_options; i++) {
		const struct config_option *o = &config_options[i];
		struct str here = chapter_of(o->path);

		if (i == 0 || !str_eq(here, chapter)) {
			buf_fmt(out, "\n## %.*s\n\n", STR_FMT(here.n ? here : STR("At the top")));
			buf_str(out, STR("| option | default | allowed | what it does |\n| --- | --- | --- | --- |\n"));
		}
		chapter = here;
		buf_fmt(out, "| `%s` | ", o->path);
		if (special_default(o)) {
			buf_fmt(out, "%s", special_default(o));
		} else {
			buf_chr(out, '`');
			option_show(c, o, out);
			buf_chr(out, '`');
		}
		buf_str(out, STR(" | "));
		option_allowed(o, out);
		buf_fmt(out, " | %s |\n", o->prose);
	}
}

void options_markdown(struct buf *out)
{
	struct config c;

	config_default(&c);
	buf_str(
	    out,
	    STR("# Options\n"
	        "\n"
	        "Made by `qlapse check --print-options markdown` from the tables that the program itself reads by\n"
	        "(main/options.def, main/config_lists.c); a test fails when this file is stale.\n"
	        "\n"
	        "An option is set in the YAML file that `--config` names, where each dot is a level of keys, or over\n"
	        "it on the command line with `--set path=value`. No file is read unless it is named, and no\n"
	        "environment variable ever. A mistake ends the program with exit status 78, file and line.\n"));
	markdown_options(&c, out);
	buf_str(out, STR("\n## Lists and maps\n"));
	for (const struct config_section *s = config_sections; s->name; s++)
		buf_fmt(out, "\n### %s\n\n%s\n\n```yaml\n%s```\n", s->name, s->prose, s->sample);
	config_release(&c);
}

void options_text(struct buf *out)
{
	struct config c;

	config_default(&c);
	for (size_t i = 0; i < n_config_options; i++) {
		const struct config_option *o = &config_options[i];
		struct buf text = BUF_INIT;

		buf_fmt(out, "%s: ", o->path);
		if (special_default(o))
			buf_fmt(out, "%s", special_default(o));
		else
			option_show(&c, o, out);
		buf_chr(out, '\n');
		buf_fmt(&text, "%s Allowed: ", o->prose);
		option_allowed(o, &text);
		buf_chr(&text, '.');
		layout_wrap(out, buf_view(&text), 0, 4, LAYOUT_WIDTH);
		buf_release(&text);
	}
	for (const struct config_section *s = config_sections; s->name; s++) {
		buf_fmt(out, "%s:\n", s->name);
		layout_wrap(out, str_from(s->prose), 0, 4, LAYOUT_WIDTH);
	}
	config_release(&c);
}

/* Prose as comments at this depth of keys. Every line of the sample begins with the '#' that comments it out. */
static void sample_prose(const char *prose, size_t depth, struct buf *out)
{
	struct buf text = BUF_INIT;
	struct str rest, line;

	layout_wrap(&text, str_from(prose), 0, 0, LAYOUT_WIDTH - 4 - 2 * depth);
	rest = buf_view(&text);
	while (str_cut(&rest, '\n', &line))
		buf_fmt(out, "#%*s# %.*s\n", (int)(2 * depth), "", STR_FMT(line));
	buf_release(&text);
}

static size_t depth_of(struct str parent)
{
	size_t depth = parent.n > 0;

	for (size_t i = 0; i < parent.n; i++)
		depth += parent.p[i] == '.';
	return depth;
}

static void sample_key(size_t depth, struct str key, struct buf *out)
{
	buf_fmt(out, "#%*s%.*s:", (int)(2 * depth), "", STR_FMT(key));
}

static void sample_section(const struct config_section *s, struct buf *out)
{
	size_t depth = depth_of(parent_of(s->name));
	struct str rest = str_from(s->sample), line;

	buf_str(out, STR("#\n"));
	sample_prose(s->prose, depth, out);
	while (str_cut(&rest, '\n', &line))
		buf_fmt(out, "#%.*s\n", STR_FMT(line));
}

static void sample_sections(struct str parent, struct buf *out)
{
	for (const struct config_section *s = config_sections; s->name; s++)
		if (str_eq(parent_of(s->name), parent))
			sample_section(s, out);
}

/* The keys that lead to parent and are not open yet. */
static void sample_open(struct str open, struct str parent, struct buf *out)
{
	struct str rest = parent, key;
	size_t depth = 0, end = 0;

	while (rest.n) {
		if (!str_cut(&rest, '.', &key)) {
			key = rest;
			rest = STR_NONE;
		}
		end += key.n + (depth > 0);
		bool is_open = open.n >= end && str_eq(str_head(open, end), str_head(parent, end)) &&
		               (open.n == end || open.p[end] == '.');
		if (!is_open) {
			buf_str(out, STR("#\n"));
			sample_key(depth, key, out);
			buf_chr(out, '\n');
		}
		depth++;
	}
}

void options_sample(struct buf *out)
{
	struct str open = STR_NONE, chapter = STR_NONE;
	struct config c;

	config_default(&c);
	buf_str(
	    out,
	    STR("## qlapse: a configuration to start from, all of it commented out: take away the first # of the "
	        "lines\n"
	        "## that you want, and of the keys above them. Values are the defaults, or examples where there is\n"
	        "## none. To run on Kafka, raw_topics and kafka are needed. `qlapse check --config FILE` says whether\n"
	        "## all is well.\n"
	        "#\n"));
	for (size_t i = 0; i < n_config_options; i++) {
		const struct config_option *o = &config_options[i];
		struct str parent = parent_of(o->path);

		if (!str_eq(chapter_of(o->path), chapter))
			sample_sections(chapter, out);
		chapter = chapter_of(o->path);
		sample_open(open, parent, out);
		open = parent;
		sample_prose(o->prose, depth_of(parent), out);
		sample_key(depth_of(parent), leaf_of(o->path), out);
		buf_chr(out, ' ');
		option_show(&c, o, out);
		buf_chr(out, '\n');
	}
	sample_sections(chapter, out);
	config_release(&c);
}
