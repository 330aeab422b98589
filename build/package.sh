#!/usr/bin/env bash
# Packs what was built: a Debian package, or a release (tarball, Debian package, SBOM). The same commit gives the same
# bytes: every time stamp is the commit's, every owner root.
# Usage: build/package.sh deb|release x64|arm64 [DIRECTORY]     (default: out/dist); VERSION overrides the version
set -euo pipefail
cd "$(dirname "$0")/.."

what=$1 arch=$2 out=${3:-out/dist}
case $arch in
    x64) binary=out/csrun debian=amd64 libc=libc6-dev ;;
    arm64) binary=out/arm64/csrun debian=arm64 libc=libc6-dev-arm64-cross ;;
    *) echo "build/package.sh: unknown architecture '$arch'" >&2; exit 2 ;;
esac
version=${VERSION:-$(dotnet msbuild src/Runtime/Runtime.csproj -t:MinVer -getProperty:MinVerVersion)}
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
mkdir -p "$out"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
umask 022

# settle DIRECTORY: one time stamp for all that is in it.
settle() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }

debian_package() {
    local root=$stage/deb share=$stage/deb/usr/share
    make -s install "ARCH=$arch" "DESTDIR=$root" PREFIX=/usr
    gzip -9n "$share"/man/man8/*.8
    mkdir -p "$share/doc/csrun" "$share/zsh/vendor-completions" "$root/DEBIAN"
    mv "$share/zsh/site-functions/_csrun" "$share/zsh/vendor-completions/"
    rm -r "$share/zsh/site-functions" "$share/licenses"
    gzip -9nc CHANGELOG.md >"$share/doc/csrun/changelog.gz"
    cp -r contrib/{containerd,crio,docker,podman,kubernetes} "$share/doc/csrun/"
    cp docs/install-*.md "$share/doc/csrun/"
    cat >"$share/doc/csrun/copyright" <<'TEXT'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: the csrun authors
License: Apache-2.0
 On Debian systems, the full text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0.

Files: usr/bin/csrun
Copyright: the csrun authors, .NET Foundation and Contributors, Tom Deseyn, Free Software Foundation
License: Apache-2.0 and MIT and LGPL-2.1+
 The program is linked statically with parts of the .NET runtime (MIT), with
 Tmds.LibC (MIT) and with the GNU C library (LGPL-2.1+, in
 /usr/share/common-licenses/LGPL-2.1). To link it with another version of the
 library, build csrun from its sources; those of the library are in the Debian
 source package glibc.
TEXT
    chmod -R u=rwX,go=rX "$root"
    (cd "$root" && find usr -type f | LC_ALL=C sort | xargs md5sum) >"$root/DEBIAN/md5sums"
    cat >"$root/DEBIAN/control" <<TEXT
Package: csrun
Version: ${version/-/\~}
Architecture: $debian
Maintainer: $(git log -1 --format='%an <%ae>')
Installed-Size: $(du -ks --apparent-size "$root/usr" | cut -f 1)
Section: admin
Priority: optional
Enhances: containerd, docker.io, podman, buildah
Suggests: uidmap
Description: OCI container runtime, fast and small
 csrun runs containers from OCI bundles. It stands where runc and crun stand:
 below containerd, CRI-O, Docker and Podman, or in a shell by hand.
 .
 The configuration of a container is compiled to a plan that can be read before
 it is carried out; errors name the part of the configuration that they come
 from. The program is one static file.
 .
 Configuration for each engine is in /usr/share/doc/csrun.
TEXT
    settle "$root"
    dpkg-deb --root-owner-group -Zxz --build "$root" "$out/csrun_${version/-/\~}_$debian.deb" >/dev/null
}

# component NAME VERSION LICENSE SUPPLIER LOCATOR [SHA512]: an entry of the SBOM's packages.
component() {
    local id=${1//[^A-Za-z0-9.-]/-}
    printf '    {\n      "SPDXID": "SPDXRef-%s",\n      "name": "%s",\n      "versionInfo": "%s",\n      "supplier": "%s",\n' "$id" "$1" "$2" "$4"
    printf '      "downloadLocation": "NOASSERTION",\n      "filesAnalyzed": false,\n      "licenseConcluded": "%s",\n      "licenseDeclared": "%s",\n      "copyrightText": "NOASSERTION",\n' "$3" "$3"
    [ -z "${6:-}" ] || printf '      "checksums": [ { "algorithm": "%s", "checksumValue": "%s" } ],\n' "${6%%:*}" "${6#*:}"
    printf '      "externalRefs": [ { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "%s" } ]\n    }' "$5"
}

# nuget NAME: its version and the hash of its file as the lock file has them.
nuget() {
    awk -v "name=\"$1\":" '$1 == name { inside = 1 } inside && /"resolved"/ { gsub(/[",]/, "", $2); version = $2 }
        inside && /"contentHash"/ { gsub(/[",]/, "", $2); print version, $2; exit }' src/Runtime/packages.lock.json
}

# What is inside the program, in SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/).
sbom() {
    local sum ilc libc_version name hash resolved entries=()
    sum=$(sha256sum <"$binary" | cut -d ' ' -f 1)
    libc_version=$(dpkg-query -W -f '${Version}' "$libc")
    ilc=runtime.linux-$arch.Microsoft.DotNet.ILCompiler
    entries+=("$(component csrun "$version" Apache-2.0 "Organization: csrun" "pkg:generic/csrun@$version" "SHA256:$sum")")
    for name in Tmds.LibC "$ilc"; do
        read -r resolved hash <<<"$(nuget "$name")"
        hash=$(base64 -d <<<"$hash" | od -An -v -tx1 | tr -d ' \n')
        entries+=("$(component "$name" "$resolved" MIT "Organization: NuGet" "pkg:nuget/$name@$resolved" "SHA512:$hash")")
    done
    entries+=("$(component glibc "$libc_version" LGPL-2.1-or-later "Organization: Debian" "pkg:deb/debian/$libc@$libc_version")")
    printf '{\n  "spdxVersion": "SPDX-2.3",\n  "dataLicense": "CC0-1.0",\n  "SPDXID": "SPDXRef-DOCUMENT",\n  "name": "csrun-%s-linux-%s",\n' "$version" "$arch"
    printf '  "documentNamespace": "https://spdx.org/spdxdocs/csrun-%s-linux-%s-%s",\n' "$version" "$arch" "$sum"
    printf '  "creationInfo": { "created": "%s", "creators": [ "Tool: csrun-build-package" ] },\n' "$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)"
    printf '  "packages": [\n%s' "${entries[0]}"
    printf ',\n%s' "${entries[@]:1}"
    printf '\n  ],\n  "relationships": [\n    { "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-csrun" }'
    for name in Tmds.LibC "$ilc" glibc; do
        printf ',\n    { "spdxElementId": "SPDXRef-csrun", "relationshipType": "STATIC_LINK", "relatedSpdxElement": "SPDXRef-%s" }' "$name"
    done
    printf '\n  ]\n}\n'
}

tarball() {
    local name=csrun-$version-linux-$arch
    make -s install "ARCH=$arch" "DESTDIR=$stage/tar/$name" PREFIX=
    rm -r "$stage/tar/$name/share/licenses"
    cp LICENSE README.md CHANGELOG.md "$stage/tar/$name/"
    mkdir "$stage/tar/$name/contrib"
    cp -r contrib/{containerd,crio,docker,podman,kubernetes} "$stage/tar/$name/contrib/"
    cp -r docs "$stage/tar/$name/"
    sbom >"$stage/tar/$name/csrun.spdx.json"
    chmod -R u=rwX,go=rX "$stage/tar/$name"
    settle "$stage/tar"
    cp -p "$stage/tar/$name/csrun.spdx.json" "$out/$name.spdx.json"
    tar --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -C "$stage/tar" -c "$name" | gzip -9n >"$out/$name.tar.gz"
}

debian_package
if [ "$what" = release ]; then tarball; fi
