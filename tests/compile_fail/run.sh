#!/bin/sh
# run.sh COMPILER SOURCE_DIR: each file here must fail to compile and say the words of its first
# line; good.cpp must compile.
compiler=$1
root=$2
failed=0
for file in "$root"/tests/compile_fail/*.cpp; do
  expected=$(sed -n '1s,^// expect: ,,p' "$file")
  said=$("$compiler" -std=c++20 -fsyntax-only -fmessage-length=0 -I "$root/serialization/include" \
    -I "$root/actors/include" "$file" 2>&1)
  status=$?
  case $(basename "$file") in
    good.cpp)
      [ $status -eq 0 ] && continue
      echo "$file: does not compile:" ;;
    *)
      [ $status -ne 0 ] && [ -n "$expected" ] &&
        printf '%s' "$said" | grep -v '^ *[0-9]* |' | grep -qF "$expected" && continue
      echo "$file: compiler status $status, but not the words: $expected" ;;
  esac
  printf '%s\n' "$said" | head -n 30
  failed=1
done
exit $failed
