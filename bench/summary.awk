# From lines "case<TAB>runtime<TAB>number" (sorted by case, runtime, number) to a Markdown table.
# -v unit=ms -v scale=1000 -v digits=2 -v order="case|case..." -v runtimes="csrun|runc|crun"
BEGIN {
    FS = "\t"
    cases = split(order, case_name, "|")
    kinds = split(runtimes, kind, "|")
}

{ values[$1, $2, ++count[$1, $2]] = $3 * scale }

function rank(name, runtime, share,   n, at) {
    n = count[name, runtime]
    at = int(n * share + 0.999999)
    return values[name, runtime, at < 1 ? 1 : at]
}

END {
    printf "| %s |", unit
    for (k = 1; k <= kinds; k++) printf " %s min | p50 | p95 |", kind[k]
    for (k = 2; k <= kinds; k++) printf " %s / %s (p50) |", kind[1], kind[k]
    printf "\n| --- |"
    for (k = 1; k <= kinds; k++) printf " ---: | ---: | ---: |"
    for (k = 2; k <= kinds; k++) printf " ---: |"
    printf "\n"
    for (c = 1; c <= cases; c++) {
        name = case_name[c]
        printf "| %s |", name
        for (k = 1; k <= kinds; k++) {
            if (count[name, kind[k]])
                printf " %.*f | %.*f | %.*f |", digits, values[name, kind[k], 1], digits, rank(name, kind[k], 0.5), digits, rank(name, kind[k], 0.95)
            else
                printf " - | - | - |"
        }
        for (k = 2; k <= kinds; k++) {
            if (count[name, kind[1]] && count[name, kind[k]])
                printf " %.2f |", rank(name, kind[1], 0.5) / rank(name, kind[k], 0.5)
            else
                printf " - |"
        }
        printf "\n"
    }
}
