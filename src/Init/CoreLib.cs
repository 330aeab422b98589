// The smallest System module that ilc accepts. No heap, no exceptions, no strings at run time: a `new` of a class, a
// boxing conversion or an interface call fails to compile or to link, which is the guarantee that a container's first
// process wants. Types are here because the compiler or ilc look them up by name; most are never used otherwise.
#pragma warning disable CA1050, CA1822, MA0048
using System.Runtime.CompilerServices;

[module: SkipLocalsInit]

namespace System
{
    public class Object
    {
#pragma warning disable 169
        private unsafe MethodTable* _methodTable;
#pragma warning restore 169
    }

    internal struct MethodTable { }
    public struct Void { }
    public struct Boolean { }
    public struct Char { }
    public struct SByte { }
    public struct Byte { }
    public struct Int16 { }
    public struct UInt16 { }
    public struct Int32 { public const int MaxValue = 0x7FFF_FFFF; }
    public struct UInt32 { public const uint MaxValue = 0xFFFF_FFFF; }
    public struct Int64 { }
    public struct UInt64 { }
    public struct IntPtr { }
    public struct UIntPtr { }
    public struct Single { }
    public struct Double { }
    public abstract class ValueType { }
    public abstract class Enum : ValueType { }
    public struct Nullable<T> where T : struct { }
    public sealed class String { public readonly int Length; }
    public abstract class Array { }
    public abstract class Delegate { }
    public abstract class MulticastDelegate : Delegate { }
    public class Type { }
    public struct RuntimeTypeHandle { }
    public struct RuntimeMethodHandle { }
    public struct RuntimeFieldHandle { }
    public class Attribute { }
    public enum AttributeTargets { }
    public sealed class FlagsAttribute : Attribute { }

    public sealed class AttributeUsageAttribute : Attribute
    {
        public AttributeUsageAttribute(AttributeTargets targets) { }
        public bool AllowMultiple { get; set; }
        public bool Inherited { get; set; }
    }

    // ilc looks these up by name.
    public class AppContext { public static void SetData(string name, object value) { } }

    public static class Buffer
    {
        public static void BulkMoveWithWriteBarrier(ref byte destination, ref byte source, nuint count) { }
    }

    /// <summary>What the code generator calls to copy and clear structures that are too big for instructions in line.</summary>
    internal static unsafe class SpanHelpers
    {
        internal static void Memmove(ref byte destination, ref byte source, nuint count)
        {
            fixed (byte* to = &destination, from = &source)
            {
                // Backwards where the end of the source would be overwritten before it is read.
                if (to > from && to < from + count)
                {
                    while (count-- != 0)
                        to[count] = from[count];
                    return;
                }
                nuint i = 0;
                for (; i + 8 <= count; i += 8)
                    *(ulong*)(to + i) = *(ulong*)(from + i);
                for (; i < count; i++)
                    to[i] = from[i];
            }
        }

        internal static void ClearWithoutReferences(ref byte destination, nuint count) => Fill(ref destination, 0, count);

        internal static void Fill(ref byte destination, byte value, nuint count)
        {
            fixed (byte* to = &destination)
            {
                ulong pattern = value * 0x0101_0101_0101_0101ul;
                nuint i = 0;
                for (; i + 8 <= count; i += 8)
                    *(ulong*)(to + i) = pattern;
                for (; i < count; i++)
                    to[i] = value;
            }
        }
    }

    /// <summary>What a "..."u8 literal becomes; the bytes lie in read-only memory, with a NUL after them.</summary>
    public readonly unsafe ref struct ReadOnlySpan<T>
    {
        private readonly void* _pointer;
        private readonly int _length;

        public ReadOnlySpan(void* pointer, int length)
        {
            _pointer = pointer;
            _length = length;
        }

        public ReadOnlySpan(T[] array) { _pointer = null; _length = 0; }
        public ReadOnlySpan(T[] array, int start, int length) { _pointer = null; _length = 0; }

        public byte* Pointer => (byte*)_pointer;
        public int Length => _length;
    }

    namespace Runtime
    {
        internal sealed class RuntimeExportAttribute : Attribute { public RuntimeExportAttribute(string entry) { } }
        internal sealed class RuntimeImportAttribute : Attribute { public RuntimeImportAttribute(string library, string entry) { } }
    }

    namespace Runtime.CompilerServices
    {
        public class RuntimeHelpers { public static unsafe int OffsetToStringData => sizeof(nint) + sizeof(int); }
        public static class RuntimeFeature { public const string UnmanagedSignatureCallingConvention = nameof(UnmanagedSignatureCallingConvention); }
        public sealed class IsReadOnlyAttribute : Attribute { }
        public sealed class IsByRefLikeAttribute : Attribute { }
        public sealed class IsUnmanagedAttribute : Attribute { }
        public sealed class CompilerGeneratedAttribute : Attribute { }
        public sealed class UnsafeValueTypeAttribute : Attribute { }
        public sealed class SkipLocalsInitAttribute : Attribute { }
        public sealed class FixedBufferAttribute : Attribute { public FixedBufferAttribute(Type type, int length) { } }
        public sealed class IsExternalInit { }
        public sealed class CompilerFeatureRequiredAttribute : Attribute { public CompilerFeatureRequiredAttribute(string feature) { } }
    }

    namespace Runtime.InteropServices
    {
        public class UnmanagedType { }
        public sealed class InAttribute : Attribute { }
        public sealed class SuppressGCTransitionAttribute : Attribute { }
        public sealed class DllImportAttribute : Attribute { public DllImportAttribute(string library) { } public string EntryPoint; }
        public sealed class UnmanagedCallersOnlyAttribute : Attribute { public string EntryPoint; }
        internal sealed class StructLayoutAttribute : Attribute { public StructLayoutAttribute(LayoutKind kind) { } public int Size; }
        internal enum LayoutKind { Sequential = 0, Explicit = 2, Auto = 3 }
        internal enum CharSet { None = 1, Ansi = 2, Unicode = 3, Auto = 4 }
    }

    namespace Reflection
    {
        public sealed class DefaultMemberAttribute : Attribute { public DefaultMemberAttribute(string name) { } }
    }
}

namespace Internal.Runtime.CompilerHelpers
{
    using System.Runtime;

    internal static class StartupCodeHelpers
    {
        [RuntimeExport("RhpReversePInvoke")] private static void RhpReversePInvoke(System.IntPtr frame) { }
        [RuntimeExport("RhpReversePInvokeReturn")] private static void RhpReversePInvokeReturn(System.IntPtr frame) { }
        [RuntimeExport("RhpPInvoke")] private static void RhpPInvoke(System.IntPtr frame) { }
        [RuntimeExport("RhpPInvokeReturn")] private static void RhpPInvokeReturn(System.IntPtr frame) { }
        [RuntimeExport("RhpFallbackFailFast")] private static void RhpFallbackFailFast() { while (true) ; }
    }
}
