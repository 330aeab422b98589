using System;
using System.Collections.Generic;
using Csrun.Spec;

namespace Csrun.Cgroups;

/// <summary>linux.resources.rdma: the same file in v1 and v2, Documentation/admin-guide/cgroup-v1/rdma.rst.</summary>
internal static class RdmaLimits
{
    public static void Add(Settings to, Dictionary<string, Rdma>? devices, string at)
    {
        foreach ((string device, Rdma limits) in devices ?? [])
        {
            string value = device;
            if (limits.HcaHandles is { } handles)
            {
                value = FormattableString.Invariant($"{value} hca_handle={handles}");
            }
            if (limits.HcaObjects is { } objects)
            {
                value = FormattableString.Invariant($"{value} hca_object={objects}");
            }
            to.Add(new("rdma", "rdma.max", value, $"{at}.{device}") { Key = device, Unset = device + " hca_handle=max hca_object=max" });
        }
    }
}
