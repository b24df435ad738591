/* tide.c: how high the water stands. Nothing here is built; it is read. */
// A line comment with "a string", a 'c' and a brace {
#include <stdio.h>
#include "tide.h" // the file name is no string
#define URL "http://tide.example/a"
#define BOTH "a /* no comment */ b" /* a comment "with" quotes */
#define ESCAPED "say \"hi\" // still" // now
static const char quote_mark = '"';
#define SLASHES "/", "//" // two
#define LONG(a, b)            \
	do {                      \
		puts("a { (" #a);     \
		(void)(b);            \
	} while (0) /* the end // of it */
#define EMPTY
#if defined(URL) && !defined(NO_URL) /* why? */
# define HERE "here"
#else
# define HERE "there" // no URL
#endif
#pragma message("built // here")
#line 40 "tide.y"

static const char *names[] = { "spring", "neap", "", "a\tb", "c\\", "\"" };
static const wchar_t *wide = L"wide // \x41 string";
static char letters[] = { 'a', '\'', '"', '\\', '\n', '\x41', '{', '(' };
static const char *joined = "one " "two "
	"three /* no */"
	/* yes */ "four";

/*
 * A comment over lines, with // and "quotes" and it's apostrophes,
 * and a star before the end **/
static int level(int hour, const int table[static 24])
{
	int sum = 0; /* so far */ int left = 24; // hours
	for (int i = 0; i < left; i++) {
		if (table[i] > 0 && (hour % (i + 1)) == 0) /* ( */ {
			sum += table[(i + hour) % 24] / 2; // half /* of it
		} else if (!table[i]) {
			printf("%s: %d // %c\n", names[i & 3], sum, letters[2]);
		}
	}
	return sum /left/ 2;
}

/**/ int empty_comment; /***/ int starred; /*/ still inside */ int after;
// a line comment that goes on \
   over the end of its line "
int last(void) { return level(3, (int[24]){ [0] = 1, [23] = '}' }); }
struct { int a[2]; union { int b; char c; }; } s = { { 1, 2 }, { .b = ((3)) } };
const char *u = u8"é // ü", *v = "日本 /* 語 */";
#ifdef TIDE_TEST
int main(int argc, char **argv)
{
	switch (argc) {
	case 1: /* none */
		return last();
	case 2: { int x = argv[1][0] == '"' ? 1 : 2; return x; }
	default: // too many
		fprintf(stderr, "usage: %s [\"hour\"] // or none\n", argv[0]);
	}
	return 1 EMPTY;
}
#endif /* TIDE_TEST */
