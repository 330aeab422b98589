using System;

namespace Csrun.Seccomp;

/// <summary>The filter would have more instructions than the kernel takes: BPF_MAXINSNS, 4096.</summary>
public sealed class FilterTooLongException() : Exception("the filter would have more than 4096 instructions, the kernel's limit");
