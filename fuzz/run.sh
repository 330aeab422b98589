#!/usr/bin/env bash
# Fuzzes the readers of config.json, process.json and resources JSON with what follows them (validator, compiler, limits) by
# afl-fuzz, SECONDS for all together (60). What crashed lies in out/fuzz/NAME/default/crashes and makes this fail.
# Usage: SECONDS_TO_RUN=60 fuzz/run.sh [config|process|resources ...]
set -euo pipefail
cd "$(dirname "$0")/.."

targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(config process resources)
seconds=$((${SECONDS_TO_RUN:-60} / ${#targets[@]}))
[ "$seconds" -ge 5 ] || seconds=5

program=out/fuzz/program
mkdir -p out/fuzz
rm -rf "$program"
(cd fuzz && dotnet tool restore >/dev/null)
dotnet build fuzz/fuzz.csproj -c Release -v quiet --nologo >/dev/null
cp -r fuzz/bin/Release/net10.0 "$program"
for assembly in Csrun.Spec.dll Csrun.Cgroups.dll csrun.dll; do
    (cd fuzz && dotnet sharpfuzz "../$program/$assembly")
done

# The machine need not be set up for fuzzing: cores are neither bound nor scaled, core dumps may go anywhere.
export AFL_SKIP_BIN_CHECK=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_FORKSRV_INIT_TMOUT=60000
failed=0
for target in "${targets[@]}"; do
    seeds=out/fuzz/seeds-$target
    rm -rf "$seeds" "out/fuzz/$target"
    mkdir -p "$seeds"
    if [ -d "fuzz/corpus/$target" ]; then cp fuzz/corpus/"$target"/* "$seeds"; fi
    if [ "$target" = config ]; then cp tests/data/specs/*.json "$seeds"; fi
    echo "== $target: $seconds seconds"
    afl-fuzz -i "$seeds" -o "out/fuzz/$target" -t 10000 -m none -V "$seconds" -x fuzz/json.dict -- dotnet exec "$program/Csrun.Fuzz.dll" "$target" >"out/fuzz/$target.log" 2>&1 ||
        { tail -n 20 "out/fuzz/$target.log"; exit 1; }
    grep -E '^(execs_done|execs_per_sec|corpus_found|saved_crashes|saved_hangs) ' "out/fuzz/$target/default/fuzzer_stats"
    for crash in "out/fuzz/$target/default/crashes/id:"* "out/fuzz/$target/default/hangs/id:"*; do
        [ -e "$crash" ] || continue
        failed=$((failed + 1))
        echo "crash: $crash"
        dotnet exec "$program/Csrun.Fuzz.dll" "$target" "$crash" 2>&1 | head -n 12 || true
    done
done
[ "$failed" -eq 0 ]
