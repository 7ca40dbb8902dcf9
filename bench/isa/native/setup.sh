#!/usr/bin/env bash
# Setup, in one folder, of the compilers that `npm run isa` asks: Mesa's drivers for AMD and Intel, NVIDIA's compiler, and what makes
# them work without a GPU. It installs nothing, needs no root, and touches nothing outside of the folder.
#
#   npm run isa -- setup [--no-intel]  or: setup.sh [--no-intel] [FOLDER]; FOLDER: ${XDG_CACHE_HOME:-$HOME/.cache}/koalarize-isa
#
# --no-intel leaves out the two drm-shims, which are built from Mesa's source: then there is no Intel, no rivals and no host
# cost, only our kernels on AMD and NVIDIA. Run again, it makes what is missing or was made from another version.
# Needs a 64-bit x86 Debian 12 whose apt has Debian's own mirror, gcc, g++ and Python 3 with venv. It does not run
# anything: `npm run isa` does.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
fail() { echo "setup: $*" >&2; exit 1; }

intel=1 at=
for argument; do
  case $argument in
    --no-intel) intel=0 ;;
    -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"; exit ;;
    -*) fail "unknown option '$argument'" ;;
    *) at=$argument ;;
  esac
done
at=${at:-${XDG_CACHE_HOME:-$HOME/.cache}/koalarize-isa}

[ "$(uname -sm)" = 'Linux x86_64' ] && grep -q '^VERSION_CODENAME=bookworm' /etc/os-release ||
  fail "expected a 64-bit x86 Debian 12, got $(uname -sm), $(. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME")"
for each in apt-get:apt dpkg:dpkg gcc:gcc g++:g++ xz:xz-utils python3:python3-venv; do
  command -v "${each%:*}" >/dev/null || fail "expected ${each%:*}, got none – apt-get install -y ${each#*:}"
done
python3 -c 'import ensurepip' 2>/dev/null || fail "expected Python's venv, got none – apt-get install -y python3-venv"

# What `isa` runs: from bookworm-backports, and from bookworm.
MESA='mesa-vulkan-drivers libdrm2 libdrm-amdgpu1 libdrm-common'
RUN='libvulkan1 libllvm15 libelf1 libzstd1 libwayland-client0 libx11-xcb1 libxcb1 libxcb-dri3-0 libxcb-present0
  libxcb-randr0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxshmfence1 spirv-cross'
# What those need of a plain Debian: taken where it is not installed.
BASE='libbsd0 libedit2 libexpat1 libffi8 libicu72 liblzma5 libmd0 libtinfo6 libxau6 libxdmcp6 libxml2 libz3-4 zlib1g'
# What builds the shims, beside pip's meson, ninja and Mako.
BUILD_MESA='libdrm-dev libdrm2 libdrm-amdgpu1'
BUILD='libelf-dev libelf1 libexpat1-dev libexpat1 zlib1g-dev zlib1g libzstd-dev libzstd1 byacc flex m4 glslang-tools pkgconf
  pkgconf-bin libpkgconf3'
# NVIDIA's compiler, by pip.
NVIDIA='nvidia-cuda-nvrtc==13.5.37 nvidia-cuda-nvcc==13.5.37 nvidia-cuda-nvdisasm==13.5.37'

mkdir -p "$at/done"
at=$(cd "$at" && pwd)
scratch=$at/scratch
rm -rf "$scratch"
mkdir -p "$scratch"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
started=$SECONDS

# once STEP KEY: does `STEP`, unless it was done with the same key; its last line says what it made.
once() {
  local step=$1 key=$2 begun=$SECONDS
  if [ "$(cat "$at/done/$step" 2>/dev/null)" = "$key" ]; then
    echo "$step: there already"
    return
  fi
  rm -f "$at/done/$step"
  # In the background, since a function whose failure is caught runs on after a command that failed.
  "$step" >"$scratch/$step.log" 2>&1 &
  wait $! || { tail -n 30 "$scratch/$step.log" >&2; fail "$step: failed, see above"; }
  echo "$key" >"$at/done/$step"
  echo "$step: $(tail -n 1 "$scratch/$step.log") ($((SECONDS - begun)) s)"
}

# apt with folders of its own, on the mirror that this machine's apt has for Debian 12.
APT=(-q -o Dir::Etc::sourcelist="$scratch/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferences=/dev/null
  -o Dir::Etc::preferencesparts=/dev/null -o Dir::State::Lists="$scratch/apt/lists" -o Dir::Cache="$scratch/apt/cache"
  -o Acquire::Languages=none -o APT::Sandbox::User=root -o Debug::NoLocking=1)
apt_ready() {
  [ ! -d "$scratch/apt" ] || return 0
  local mirror key='signed-by=/usr/share/keyrings/debian-archive-keyring.gpg'
  mirror=$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
    awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
  [ -n "$mirror" ] || { echo "expected a mirror of Debian 12 (bookworm, main) in apt's sources, got none"; return 1; }
  mkdir -p "$scratch/apt/lists/partial" "$scratch/apt/cache/archives/partial"
  printf '%s\n' "deb [$key] $mirror bookworm main" "deb [$key] $mirror bookworm-backports main" \
    "deb-src [$key] $mirror bookworm-backports main" >"$scratch/apt/sources.list"
  apt-get "${APT[@]}" update
}

# unpack FOLDER PACKAGE...: downloads packages and unpacks them there.
unpack() {
  local folder=$1 debs=$scratch/debs
  shift
  apt_ready
  rm -rf "$debs"
  mkdir -p "$debs" "$folder"
  (cd "$debs" && apt-get "${APT[@]}" download "$@")
  for deb in "$debs"/*.deb; do dpkg -x "$deb" "$folder"; done
}
backports() { printf '%s/bookworm-backports\n' "$@"; }

lacking=$(for each in $BASE; do
  dpkg-query -W -f '${Status}' "$each:amd64" 2>/dev/null | grep -q 'ok installed' || echo "$each"
done)
lib=$at/debian/usr/lib/x86_64-linux-gnu
drivers() {
  rm -rf "$at/debian"
  # shellcheck disable=SC2046,SC2086
  unpack "$at/debian" $(backports $MESA) $RUN $lacking
  # Most of it is other drivers, documents and translations.
  (cd "$lib" && rm -f libvulkan_lvp.so libvulkan_virtio.so libvulkan_gfxstream.so libvulkan_intel_hasvk.so libVkLayer_*)
  rm -rf "$at/debian/usr/share"
  dpkg-deb -f "$scratch"/debs/mesa-vulkan-drivers_*.deb Version >"$at/mesa-version"
  # Bookworm's libraries lie in two folders.
  [ ! -d "$at/debian/lib/x86_64-linux-gnu" ] || cp -a "$at/debian/lib/x86_64-linux-gnu/." "$lib/"
  local missing
  missing=$(for each in "$lib"/libvulkan*.so* "$at/debian/usr/bin/spirv-cross"; do
    LD_LIBRARY_PATH=$lib ldd "$each" | awk '/not found/ { print $1 }'
  done | sort -u)
  [ -z "$missing" ] || { echo "expected all libraries, got none of" $missing; return 1; }
  case $(cat "$at/mesa-version") in 25.0.*) ;; *) echo "nullgpu.c is written for Mesa 25.0, this is another: AMD may fail" ;; esac
  echo "Mesa $(cat "$at/mesa-version"), $(ls "$scratch/debs" | wc -l) Debian packages"
}

nullgpu() {
  unpack "$scratch/vulkan" libvulkan-dev
  gcc -O2 -Wall -shared -fPIC -I "$scratch/vulkan/usr/include" -o "$at/libnullgpu.so" "$here/nullgpu.c" -ldl
  cat >"$at/nullgpu_icd.json" <<JSON
{ "ICD": { "api_version": "1.4.305", "library_path": "$at/libnullgpu.so" }, "file_format_version": "1.0.0" }
JSON
  echo "libnullgpu.so"
}

nvidia() {
  rm -rf "$at/venv"
  python3 -m venv "$at/venv"
  # shellcheck disable=SC2086
  "$at/venv/bin/pip" install -q --no-deps $NVIDIA
  (cd "$at"/venv/lib/python3*/site-packages/nvidia/cu* && rm -rf bin/nvcc* bin/nvlink bin/cudafe++ bin/fatbinary bin/bin2c include)
  echo "${NVIDIA##*==}" >"$at/nvidia-version"
  echo "NVRTC, ptxas and nvdisasm ${NVIDIA##*==}"
}

# The kernel's side of amdgpu and i915, answered by a library: from the drivers' own source, of the same version.
shims() {
  apt_ready
  local root=$scratch/build uri name hash
  read -r uri name _ hash < <(apt-get "${APT[@]}" source --print-uris "mesa=$(cat "$at/mesa-version")" |
    tr -d "'" | grep -E '\.orig\.tar\.xz [0-9]')
  # Only that: the package's own patches are not needed, and its .dsc may be gone from mirrors.
  /usr/lib/apt/apt-helper "${APT[@]}" download-file "$uri" "$scratch/$name" "$hash"
  mkdir "$scratch/mesa"
  tar -xJf "$scratch/$name" -C "$scratch/mesa" --strip-components=1
  # shellcheck disable=SC2046,SC2086
  unpack "$root" $(backports $BUILD_MESA) $BUILD
  [ ! -d "$root/lib/x86_64-linux-gnu" ] || cp -a "$root/lib/x86_64-linux-gnu/." "$root/usr/lib/x86_64-linux-gnu/"
  python3 -m venv "$scratch/venv"
  "$scratch/venv/bin/pip" install -q meson ninja Mako packaging PyYAML
  (
    cd "$scratch/mesa"
    export PATH="$scratch/venv/bin:$root/usr/bin:$PATH" LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu" M4="$root/usr/bin/m4"
    export PKG_CONFIG_LIBDIR="$root/usr/lib/x86_64-linux-gnu/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
    meson setup ../shims -Dbuildtype=release -Dvulkan-drivers=amd -Dgallium-drivers= -Dtools=drm-shim,intel -Dplatforms= \
      -Dglx=disabled -Degl=disabled -Dgbm=disabled -Dllvm=disabled -Dopengl=false -Dgles1=disabled -Dgles2=disabled \
      -Dvideo-codecs= -Dzstd=disabled -Dshared-glapi=disabled -Dxmlconfig=disabled -Dlibunwind=disabled \
      -Dlmsensors=disabled -Dvalgrind=disabled -Dintel-rt=disabled
    ninja -C ../shims src/amd/drm-shim/libamdgpu_noop_drm_shim.so src/intel/tools/libintel_noop_drm_shim.so
  )
  cp "$scratch"/shims/src/*/*/lib*_noop_drm_shim.so "$at/"
  strip "$at"/lib*_noop_drm_shim.so
  echo "libamdgpu_noop_drm_shim.so, libintel_noop_drm_shim.so of $name"
}

echo "setup: everything goes into $at"
# shellcheck disable=SC2086
once drivers "$(echo $MESA $RUN $lacking)"
once nullgpu "$(cat "$here/nullgpu.c" | sha256sum) $at"
# shellcheck disable=SC2086
once nvidia "$(echo $NVIDIA)"
if [ $intel = 1 ]; then once shims "$(cat "$at/mesa-version")"; else echo 'shims: left out (--no-intel)'; fi
rm -rf "$scratch"
echo "setup: $(du -sm "$at" | cut -f1) MB, $((SECONDS - started)) s"
[ "$at" = "${XDG_CACHE_HOME:-$HOME/.cache}/koalarize-isa" ] || echo "for isa: export KOALARIZE_ISA=$at"
