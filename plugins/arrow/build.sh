#!/bin/sh
# Builds the Arrow plug-in: build/plugins/libmaxai_arrow.so.
#
# Arrow C++ comes from the system where pkg-config finds one that is new enough, otherwise from the PyArrow wheel,
# which is put into build/deps/pyarrow. MAXAI_ARROW=wheel or MAXAI_ARROW=system insists on one of them.
# MAXAI_PLUGIN_FOLDER is another folder below build/ for the result, MAXAI_SANITIZE names sanitizers to build it with;
# the program that loads it must then hold their run-time.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build="$root/build"
deps="$build/deps/pyarrow"
plugins="$root/${MAXAI_PLUGIN_FOLDER:-build/plugins}"
plugin="$plugins/libmaxai_arrow.so"
sanitize=${MAXAI_SANITIZE:+-fsanitize=$MAXAI_SANITIZE -fno-sanitize-recover=undefined -fno-omit-frame-pointer}
# The run-time of a sanitizer is in the program, so its symbols stay undefined here.
complete=-Wl,-z,defs
[ -z "$sanitize" ] || complete=
pyarrow=26.0.1
oldest=21.0.0

fail() {
    echo "error: arrow plug-in: $*" >&2
    exit 1
}

compiler() {
    swift=$(command -v swift || true)
    if [ -n "${CXX:-}" ]; then
        echo "$CXX"
    elif [ -n "$swift" ] && [ -x "$(dirname "$(readlink -f "$swift")")/clang++" ]; then
        echo "$(dirname "$(readlink -f "$swift")")/clang++"
    else
        command -v clang++ || command -v g++ || fail "no C++ compiler found: install g++ or set CXX"
    fi
}

install_wheel() {
    [ -f "$deps/.installed-$pyarrow" ] && return
    echo "arrow plug-in: installing pyarrow $pyarrow into build/deps/pyarrow"
    rm -rf "$deps"
    mkdir -p "$deps"
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --no-compile \
        --only-binary :all: --target "$deps" "pyarrow==$pyarrow" || fail "pip could not install pyarrow $pyarrow"
    touch "$deps/.installed-$pyarrow"
}

cxx=$(compiler)
choice=${MAXAI_ARROW:-}
if [ "$choice" != wheel ] && command -v pkg-config >/dev/null \
    && pkg-config --atleast-version="$oldest" arrow 2>/dev/null && pkg-config --exists parquet; then
    includes=$(pkg-config --cflags-only-I arrow parquet | sed 's/-I */-isystem /g')
    libraries=$(pkg-config --libs arrow parquet)
    origin=$(pkg-config --modversion arrow)
elif [ "$choice" = system ]; then
    fail "pkg-config finds no Arrow and Parquet of at least $oldest"
else
    install_wheel
    wheel="$deps/pyarrow"
    includes="-isystem $wheel/include"
    libraries="-L$wheel"
    for library in arrow parquet; do
        found=$(cd "$wheel" && ls -1 "lib$library".so.* 2>/dev/null | sort | head -n 1)
        [ -n "$found" ] || fail "no lib$library.so in $wheel"
        libraries="$libraries -l:$found"
    done
    origin="pyarrow $pyarrow"
fi

# A copy of the same sources, compiler and Arrow is already there: nothing to do.
stamp="$plugins/libmaxai_arrow.stamp"
now=$( { echo "$origin $cxx $sanitize"; cat "$here"/*.cc "$here"/*.h "$here/build.sh" "$root"/formats/arrow/include/*.h; } | sha256sum)
if [ -f "$plugin" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then
    exit 0
fi

objects="$plugins/objects"
mkdir -p "$objects"
for source in "$here"/*.cc; do
    echo "$source"
done | xargs -P "${MAXAI_JOBS:-2}" -I {} sh -c '
    name=$(basename "$1" .cc)
    shift
    "$@" -c -o "'"$objects"'/$name.o" "'"$here"'/$name.cc"
' sh {} "$cxx" -std=c++20 -O2 $sanitize -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -Wall -Wextra -Werror \
    -I "$root/formats/arrow/include" $includes || fail "compilation failed"

# The libraries are looked for where the build has them and beside the plug-in, where an installation has them.
# shellcheck disable=SC2086
"$cxx" $sanitize -shared -o "$plugin.new" "$objects"/*.o $libraries -ldl -pthread -Wl,--as-needed $complete \
    -Wl,--exclude-libs,ALL -Wl,-rpath,'$ORIGIN:$ORIGIN/../deps/pyarrow/pyarrow' || fail "linking failed"
mv "$plugin.new" "$plugin"
printf '%s\n' "$now" >"$stamp"
echo "arrow plug-in: built $plugin on Arrow of $origin"
