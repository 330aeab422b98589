# shellcheck shell=bash
# What the scripts of the virtual machines share: the cache and Debian's packages of any suite.

# Kernels and images are made once and kept here, 0.5 GB for the first machine; `make clean` leaves them alone.
cache=${VM_CACHE:-/var/cache/csrun-vm}

die() { echo "tests/vm: $*" >&2; exit 1; }

# The Debian suite that has this kernel.
suite_of_kernel() {
    case $1 in
        5.10) echo bullseye ;;
        6.1) echo bookworm ;;
        6.12) echo trixie ;;
        newest) echo sid ;;
        *) die "no such kernel: $1 (5.10, 6.1, 6.12 or newest)" ;;
    esac
}

# apt_of SUITE COMMAND...: an apt command with package lists of that suite alone, from the mirror that this host uses.
apt_of() {
    local suite=$1 directory=$cache/apt/$1 mirror
    shift
    local options=(
        -o "Dir::Etc::sourcelist=$directory/list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::Lists=$directory/lists"
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
    if [ ! -e "$directory/updated" ]; then
        # shellcheck disable=SC2016
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | grep -v security | sort -u | head -n 1)
        [ -n "$mirror" ] || die "apt knows no mirror of Debian's packages"
        mkdir -p "$directory/lists/partial"
        # A suite out of support has lists whose validity has run out; their signature is checked all the same.
        echo "deb [check-valid-until=no signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$directory/list"
        apt-get "${options[@]}" -qq update
        touch "$directory/updated"
    fi
    [ $# -eq 0 ] || "$1" "${options[@]}" "${@:2}"
}

# A directory that goes when the script ends, however it ends.
work=
scratch() {
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/tmp.XXXXXX")
    chmod 755 "$work"
    trap 'rm -rf "$work"' EXIT
}
