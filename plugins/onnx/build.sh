#!/bin/sh
# Builds the ONNX plug-in: build/plugins/libmaxai_onnx.so, on the system's libonnx (Debian: libonnx-dev, libprotobuf-dev).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
plugin="$root/build/plugins/libmaxai_onnx.so"
stamp="$root/build/plugins/libmaxai_onnx.stamp"

fail() {
    echo "error: onnx plug-in: $*" >&2
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

[ -f /usr/include/onnx/checker.h ] || fail "no /usr/include/onnx/checker.h: install libonnx-dev and libprotobuf-dev"
cxx=$(compiler)

# A copy of the same source and compiler is already there: nothing to do.
now=$( { echo "$cxx"; cat "$here/plugin.cc" "$here/build.sh"; } | sha256sum)
if [ -f "$plugin" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then
    exit 0
fi

mkdir -p "$root/build/plugins"
"$cxx" -std=c++17 -O2 -fPIC -shared -fvisibility=hidden -fvisibility-inlines-hidden -Wall -Wextra -Werror \
    -DONNX_ML=1 -DONNX_NAMESPACE=onnx -o "$plugin.new" "$here/plugin.cc" \
    -lonnx -lonnx_proto -lprotobuf -Wl,--as-needed -Wl,-z,defs || fail "compilation failed"
mv "$plugin.new" "$plugin"
printf '%s\n' "$now" >"$stamp"
echo "onnx plug-in: built $plugin"
