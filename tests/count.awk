# Counts the tests of several result files of xunit, one test a line, and prints "PASSED FAILED SKIPPED ELSEWHERE".
# A test may be in more than one file: run on this machine and in virtual ones. Each run that passes or fails counts; one
# is skipped if no machine could run it. ELSEWHERE are those that a virtual machine ran in place of this one.
# The reasons of what was skipped everywhere are written to the file that the variable reasons names.
FNR == 1 { virtual = FILENAME ~ /\/vm-[^\/]*$/ }
match($0, / name="[^"]*"/) {
    name = substr($0, RSTART + 7, RLENGTH - 8)
    match($0, / result="[^"]*"/)
    result = substr($0, RSTART + 9, RLENGTH - 10)
    if (result == "Pass") { passed++; ran[name] = 1 }
    else if (result == "Fail") { failed++; ran[name] = 1 }
    else if (result == "Skip") {
        if (!virtual) here[name] = 1
        skip[name] = 1
        if (match($0, /<reason>.*<\/reason>/)) {
            reason[name] = substr($0, RSTART + 8, RLENGTH - 17)
            gsub(/<!\[CDATA\[|\]\]>/, "", reason[name])
        }
    }
}
END {
    for (name in skip) {
        if (!(name in ran)) { skipped++; if (reasons) print reason[name] > reasons }
        else if (name in here) elsewhere++
    }
    print passed + 0, failed + 0, skipped + 0, elsewhere + 0
}
