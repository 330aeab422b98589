#!/usr/bin/env bash
# Runs the cases against RUNTIME (default: out/csrun) and prints TAP; the cases' names may be given.
set -euo pipefail
cd "$(dirname "$0")/../.."

tests/helpers/build.sh
dotnet build tests/oci-validation/oci-validation.csproj -c Release -v quiet --nologo >&2
runtime=$(realpath "${RUNTIME:-out/csrun}")
export RUNTIME=$runtime

echo "# runtime: $("$runtime" --version | head -n 1 | sed -E 's/ version / /; s/ \(.*//')"
echo "# host: Linux $(uname -r | sed -E 's/([0-9]+\.[0-9]+).*/\1/') ($(uname -m)), cgroups: $(
    if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then echo v2; elif mountpoint -q /sys/fs/cgroup/unified; then echo "v1 and v2"; else echo v1; fi)"

# crun refuses a host with cgroup v1 and v2 mounted side by side: it gets a view without the latter.
view=()
if [[ $(basename "$runtime") == crun* ]] && mountpoint -q /sys/fs/cgroup/unified; then
    view=(unshare --mount --propagation private sh -c "umount /sys/fs/cgroup/unified; exec \"\$@\"" sh)
fi
timeout --kill-after=30 600 "${view[@]}" dotnet exec tests/oci-validation/bin/Release/net10.0/Csrun.Tests.OciValidation.dll "$@"
