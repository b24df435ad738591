#!/bin/bash
# moor.sh: substitutions in strings in substitutions. Nothing here is run.
name="harbour" # a comment with "quotes" and it's apostrophe
plain='no $substitution, no "escape" \'
empty="" ; also=''
nested="a $(echo "b $(echo "c" | tr 'c' 'd') e") f"
braces="a ${name} b ${name:-"default"} c ${name%.*} d"
arithmetic="sum $((1 + (2 * 3))) done $(( $(echo 4) + 5 ))"
escaped="say \"hi\" \$(not run) \`nor this\` # no comment"
outside=$(basename "$0" .sh)
count=$((2 * (3 + 4)))
array=("one" 'two' three $(echo "four"))
ansi=$'tab\tand \'quote\''
hash=${#name} ; last=${array[${#array[@]} - 1]}
over="first line
second line (with bracket) # no comment"
moor() {
  local where="$1" n=$#
  if [[ "$where" == "a"* && $n -gt 1 ]]; then # {
    echo "at ${where}" "$(printf '%s\n' "${array[@]}")" >&2
  fi
  for i in "${array[@]}"; do { echo "$i"; } done
  (cd "$where" && ls "$(pwd)")
}
cat <<-EOF | grep "it" # the body is no string, it's text
	a "here-document" with (brackets, ${name} and $(echo "code")
	EOF
cat <<'END' >/dev/null
it's {
END
ls x[0-9]* [[:alpha:]]x \( -name "*.txt" \) \
  "$name $count" "cost: $" # a lone dollar

test -n "$name" && moor "$(date "+%H:%M")" a#b # the hash before belongs to the word
