#!/usr/bin/env bash
# Runs what the host lacks in virtual machines: cgroup v2, systemd, users' own systemd, other kernels. The results of
# machine NAME are out/test-results/vm-NAME (tests.xml, console); tests/run.sh counts them.
#   run.sh                                the machines of CI
#   run.sh shell                          a shell in one (KERNEL=, IMAGE=, CGROUPS= as boot.sh has them)
#   run.sh test CLASS...                  these test classes in one machine
# Ends with 3 where there can be no virtual machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
results=out/test-results

if ! build/deps.sh vm; then
    echo "tests/vm: QEMU and what the images are made with cannot be installed here: no virtual machines"
    exit 3
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "tests/vm: images are made by root: no virtual machines"
    exit 3
fi

# What the machines see of the checkout, and the runtime of .NET, as one read-only file system.
tests/helpers/build.sh
# Compiled ahead of time: emulated, the just-in-time compiler takes longer than the tests.
dotnet publish tests/integration/integration.csproj -c Release -r linux-x64 --self-contained false -p:PublishReadyToRun=true \
    -p:NuGetLockFilePath="$PWD/out/vm/lock.json" -o out/vm/tests -v quiet --nologo
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/checkout/.dotnet/shared/Microsoft.NETCore.App"
cp --parents -r out/csrun out/helpers out/vm/tests tests/vm/guest.sh tests/data "$stage/checkout/"
read -r _ version directory < <(dotnet --list-runtimes | grep '^Microsoft.NETCore.App 10\.' | tail -n 1)
directory=${directory#[} directory=${directory%]}
cp -r "$directory/$version" "$stage/checkout/.dotnet/shared/Microsoft.NETCore.App/"
cp -r "$directory/../../dotnet" "$directory/../../host" "$stage/checkout/.dotnet/"
mkfs.erofs --quiet "$stage/checkout.img" "$stage/checkout"

# machine NAME SECONDS GUEST...: boots one; its own hard end is SECONDS.
machine() {
    local name=$1 seconds=$2 directory
    directory=$(realpath -m "$results/vm-$1")
    shift 2
    rm -rf "$directory"
    mkdir -p "$directory"
    echo "== virtual machine $name"
    GUEST=$* tests/vm/boot.sh "$stage/checkout.img" "$directory" "$seconds" </dev/null || return 1
    [ "$(cat "$directory/status")" = 0 ]
}

failed=0
case ${1:-ci} in
    ci)
        machine v2 600 test CgroupTests LimitTests LimitV2Tests SystemdTests UpdateTests LifecycleTests DeleteTests EventTests RootlessTests RootlessSystemdTests || failed=1
        CGROUPS=hybrid machine hybrid 300 test SystemdTests || failed=1
        ;;
    shell)
        directory=$(mktemp -d)
        GUEST=shell tests/vm/boot.sh "$stage/checkout.img" "$directory" 86400
        rm -rf "$directory"
        ;;
    *)
        machine "${KERNEL:-6.1}-${IMAGE:-bookworm}-${CGROUPS:-v2}" "${SECONDS_TO_RUN:-1800}" "$@" || failed=1
        ;;
esac
exit $failed
