#!/bin/bash
# What runs in a virtual machine once it has booted: /results/arguments says what. The machine ends with it.
#   test CLASS...       the integration tests of these classes
#   exec COMMAND...     a command of the shell
#   shell               an interactive shell
set -uo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_NOLOGO=1
# Emulated, compiling costs more than what a better translation saves.
export DOTNET_TieredPGO=0 DOTNET_TC_BackgroundWorkerTimeoutMs=0 DOTNET_gcServer=0
cd "$(dirname "$0")/../.." || exit 1

read -r -a arguments </results/arguments
case ${arguments[0]:-} in
    test)
        classes=()
        for class in "${arguments[@]:1}"; do classes+=(-class "Csrun.Tests.Integration.$class"); done
        .dotnet/dotnet exec out/vm/tests/Csrun.Tests.Integration.dll -noLogo -noColor \
            -preEnumerateTheories -result-xml /results/tests.xml "${classes[@]}"
        ;;
    exec) bash -c "${arguments[*]:1}" ;;
    shell) setsid -c bash -i ;;
    *) echo "guest.sh: what is \"${arguments[*]:-}\"?" >&2; false ;;
esac
status=$?
# What a test left mounted or running is told in its result; here it may not keep the results back.
echo "$status" >/results/status
sync -f /results/status
