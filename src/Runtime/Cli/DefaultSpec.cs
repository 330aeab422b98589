using System;
using System.Globalization;

namespace Csrun.Runtime.Cli;

/// <summary>
/// The configuration that <c>csrun spec</c> writes: runc's, indented by tabs as engines' test suites expect it.
/// </summary>
internal static class DefaultSpec
{
    /// <param name="cgroupNamespace">The host has the unified hierarchy alone: runc then adds a cgroup namespace.</param>
    public static string Text(bool cgroupNamespace) =>
        Build("\n\t\t\t\t\"gid=5\"", SysMount, DenyDevices, "\n\t\t\t{\n\t\t\t\t\"type\": \"network\"\n\t\t\t},", cgroupNamespace ? CgroupNamespace : "");

    /// <summary>
    /// The same for a user without privileges: a user namespace that maps root to the caller, the host's network and its
    /// /sys, no group that is not mapped, and no device rules.
    /// </summary>
    public static string RootlessText(uint uid, uint gid, bool cgroupNamespace) =>
        Build("", HostSysMount, Mapping("uidMappings", uid) + Mapping("gidMappings", gid), "",
            ",\n\t\t\t{\n\t\t\t\t\"type\": \"user\"\n\t\t\t}" + (cgroupNamespace ? CgroupNamespace : ""));

    private const string DenyDevices =
"""

		"resources": {
			"devices": [
				{
					"allow": false,
					"access": "rwm"
				}
			]
		},
""";

    private const string CgroupNamespace = ",\n\t\t\t{\n\t\t\t\t\"type\": \"cgroup\"\n\t\t\t}";

    private const string SysMount =
"""
		{
			"destination": "/sys",
			"type": "sysfs",
			"source": "sysfs",
			"options": [
				"nosuid",
				"noexec",
				"nodev",
				"ro"
			]
		},
""";

    private const string HostSysMount =
"""
		{
			"destination": "/sys",
			"type": "none",
			"source": "/sys",
			"options": [
				"rbind",
				"nosuid",
				"noexec",
				"nodev",
				"ro"
			]
		},
""";

    private static string Mapping(string member, uint id) => string.Create(CultureInfo.InvariantCulture,
        $$"""

		"{{member}}": [
			{
				"containerID": 0,
				"hostID": {{id}},
				"size": 1
			}
		],
""");

    private static string Build(string devptsGroup, string sysMount, string resourcesOrMappings, string networkNamespace, string moreNamespaces) =>
$$"""
{
	"ociVersion": "1.3.0",
	"process": {
		"terminal": true,
		"user": {
			"uid": 0,
			"gid": 0
		},
		"args": [
			"sh"
		],
		"env": [
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"TERM=xterm"
		],
		"cwd": "/",
		"capabilities": {
			"bounding": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			],
			"effective": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			],
			"permitted": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			]
		},
		"rlimits": [
			{
				"type": "RLIMIT_NOFILE",
				"hard": 1024,
				"soft": 1024
			}
		],
		"noNewPrivileges": true
	},
	"root": {
		"path": "rootfs",
		"readonly": true
	},
	"hostname": "csrun",
	"mounts": [
		{
			"destination": "/proc",
			"type": "proc",
			"source": "proc"
		},
		{
			"destination": "/dev",
			"type": "tmpfs",
			"source": "tmpfs",
			"options": [
				"nosuid",
				"strictatime",
				"mode=755",
				"size=65536k"
			]
		},
		{
			"destination": "/dev/pts",
			"type": "devpts",
			"source": "devpts",
			"options": [
				"nosuid",
				"noexec",
				"newinstance",
				"ptmxmode=0666",
				"mode=0620"{{(devptsGroup.Length > 0 ? "," : "")}}{{devptsGroup}}
			]
		},
		{
			"destination": "/dev/shm",
			"type": "tmpfs",
			"source": "shm",
			"options": [
				"nosuid",
				"noexec",
				"nodev",
				"mode=1777",
				"size=65536k"
			]
		},
		{
			"destination": "/dev/mqueue",
			"type": "mqueue",
			"source": "mqueue",
			"options": [
				"nosuid",
				"noexec",
				"nodev"
			]
		},
{{sysMount}}
		{
			"destination": "/sys/fs/cgroup",
			"type": "cgroup",
			"source": "cgroup",
			"options": [
				"nosuid",
				"noexec",
				"nodev",
				"relatime",
				"ro"
			]
		}
	],
	"linux": {{{resourcesOrMappings}}
		"namespaces": [
			{
				"type": "pid"
			},{{networkNamespace}}
			{
				"type": "ipc"
			},
			{
				"type": "uts"
			},
			{
				"type": "mount"
			}{{moreNamespaces}}
		],
		"maskedPaths": [
			"/proc/acpi",
			"/proc/asound",
			"/proc/kcore",
			"/proc/keys",
			"/proc/latency_stats",
			"/proc/timer_list",
			"/proc/timer_stats",
			"/proc/sched_debug",
			"/sys/firmware",
			"/proc/scsi"
		],
		"readonlyPaths": [
			"/proc/bus",
			"/proc/fs",
			"/proc/irq",
			"/proc/sys",
			"/proc/sysrq-trigger"
		]
	}
}

""";
}
