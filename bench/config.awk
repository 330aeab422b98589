# Prints the config that every runtime accepts. -v id=CGROUP (none: the runtime's choice) -v env=COUNT -v mounts=COUNT -v source=DIR
BEGIN {
    variables = "\"PATH=/bin\""
    for (i = 0; i < env; i++)
        variables = variables sprintf(",\"VARIABLE_%05d=some value of a usual length\"", i)
    binds = ""
    for (i = 0; i < mounts; i++)
        binds = binds sprintf(",{\"destination\":\"/mounts/%d\",\"type\":\"bind\",\"source\":\"%s\",\"options\":[\"rbind\",\"ro\"]}", i, source)
    caps = "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]"
    printf "{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"/exit\"],\"env\":[%s],\"cwd\":\"/\",", variables
    printf "\"capabilities\":{\"bounding\":%s,\"effective\":%s,\"permitted\":%s},", caps, caps, caps
    printf "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],\"noNewPrivileges\":true},"
    printf "\"root\":{\"path\":\"rootfs\"},\"hostname\":\"bench\",\"mounts\":["
    printf "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
    printf "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
    printf "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
    printf "{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
    printf "{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\",\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
    printf "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}%s],", binds
    printf "\"linux\":{"
    if (id != "")
        printf "\"cgroupsPath\":\"/csrun-bench/%s\",", id
    printf "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"}],"
    printf "\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\",\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\",\"/sys/firmware\",\"/proc/scsi\"],"
    printf "\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/sysrq-trigger\"]}}\n"
}
