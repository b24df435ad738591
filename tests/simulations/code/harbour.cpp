// harbour.cpp: raw strings, digit separators, lambdas. Nothing here is built.
#include <string>
#include "harbour.hpp"
#define RAW R"(a " // b)"
namespace harbour { namespace {
using namespace std::string_literals;
const char *raw = R"(no "escape" \ here // nor comment)";
const char *fenced = R"x(a )" b (/*c*/)x";
const auto text = "piece"s + R"--(over
several "lines" (and) brackets { )--" + "end";
constexpr long big = 1'000'000, hex = 0xFF'FF; // apostrophes in numbers
char quote = '"', tick = '\'', wide = L'x', sixteen = u'\u00e9';
template <typename T, int N = (3 > 2)> struct Boat {
    T cargo[N]; // {
    auto weigh() const -> decltype(cargo[0]) { return cargo[N - 1]; }
    [[nodiscard]] bool empty() const noexcept { return !cargo[0]; }
};
auto sail = [](auto &&...boats) { return (boats.weigh() + ... + 0); };
/* a comment with R"(no raw string)" in it */
int depth(const std::string &s) {
    int n = 0;
    for (char c : s) {
        if (c == '(') { n++; } else if (c == ')') { --n; } // '('
    }
    return n /*sum*/ ? n : s.find("//"s) == s.npos ? 0 : -1;
}
const auto u8 = u8"a // b", raw8 = u8R"(c " d)", w = L"e\"f";
}} // namespace
int main() { return harbour::depth(R"(((()))" "\")"); }
