#!/usr/bin/env bash
# Makes a base image from this machine's own Debian packages and Node, without a registry: for trying the images where none can be
# reached. Not for production. Needs podman (or docker: ENGINE=docker), dpkg, node below /usr.
#   docker/local-base.sh [tag]      then: podman build --build-arg BASE=<tag> -f docker/worker.Dockerfile .
set -euo pipefail
tag=${1:-localhost/taskrunner-base}
engine=${ENGINE:-podman}
packages=(base-files base-passwd libc6 bash dash coreutils findutils grep sed util-linux bubblewrap ca-certificates openssl libc-bin)
node=$(readlink -f "$(command -v node)")
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
case $node in /usr/*) ;; *) echo "node must lie below /usr: steps see nothing else" >&2; exit 1 ;; esac

root=$(mktemp -d)
trap 'rm -rf "$root" "$root".*' EXIT
list=$root.list
installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -q '^installed$'; }
for package in "${packages[@]}"; do
  if installed "$package"; then dpkg -L "$package"; else echo "note: $package is not installed here, so it is left out" >&2; fi
done | sort -u > "$list"
# Files as they are, folders only where something needs them; then every library that a program among them asks for.
{
  while IFS= read -r path; do [ -d "$path" ] && [ ! -L "$path" ] || printf '%s\n' "$path"; done < "$list"
  printf '%s\n' "$node" "$(command -v node)" /etc/ssl/certs/ca-certificates.crt
  find "$npm" \( -type f -o -type l \)
  printf '%s\n' "$(command -v npm)" "$(command -v npx)"
} | sort -u > "$list.files"
while IFS= read -r path; do
  [ -f "$path" ] && [ -x "$path" ] && ldd "$path" 2>/dev/null | grep -o '/[^ )]*' || true
done < "$list.files" | sort -u | while IFS= read -r library; do printf '%s\n%s\n' "$library" "$(readlink -f "$library")"; done > "$list.libraries"
for link in bin sbin lib lib64; do [ -L "/$link" ] && ln -s "$(readlink "/$link")" "$root/$link"; done
mkdir -p "$root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,proc,dev,sys,run,tmp,var/tmp,root,home,etc}
chmod 1777 "$root/tmp" "$root/var/tmp"
sort -u "$list.files" "$list.libraries" | grep -vE '/(doc|man|locale|info|lintian)/' | while IFS= read -r path; do
  [ -e "$path" ] || [ -L "$path" ] || continue
  parent=$(realpath "$(dirname "$path")")
  mkdir -p "$root$parent"
  cp -a --no-preserve=links "$path" "$root$parent/"
done
[ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
printf 'root:x:0:0:root:/root:/bin/bash\ntaskrunner:x:10001:10001::/nonexistent:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n' > "$root/etc/passwd"
printf 'root:x:0:\ntaskrunner:x:10001:\nnogroup:x:65534:\n' > "$root/etc/group"
tar -C "$root" --owner=0 --group=0 -c . | "$engine" import --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - "$tag"
