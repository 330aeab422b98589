/* Stands in for parts of the managed runtime's start, named in Startup.targets (the linker's --wrap): together a third
   of what it costs. All of them only tune what this program has settled for itself: the heap has a hard limit of its
   own and is collected by the one thread there is.

   - The limits of our own cgroup, read from mountinfo twice: no use to a heap with a hard limit.
   - NUMA nodes: the workstation collector keeps to one heap.
   - The sizes of the processor's caches, from ten files of sysfs: they set the budget of the youngest generation.
   - The machine's memory, from /proc/meminfo: it makes the collector thorough where memory is short, and a command is
     over before that would matter.
   - The finalizer's thread: nothing here has a finalizer that matters before the process ends, and a process with one
     thread starts, clones and ends faster. Objects with finalizers are only kept. */

        .text
        .globl  __wrap__Z16InitializeCGroupv
        .globl  __wrap__Z19InitializeCpuCGroupv
        .globl  __wrap__Z21NUMASupportInitializev
        .globl  __wrap__ZN15GCToOSInterface25GetCacheSizePerLogicalCpuEb
        .globl  __wrap__ZN15GCToOSInterface15GetMemoryStatusEmPjPmS1_
        .globl  __wrap__Z23PalStartFinalizerThreadPFjPvES_

__wrap__Z16InitializeCGroupv:
__wrap__Z19InitializeCpuCGroupv:
__wrap__Z21NUMASupportInitializev:
        ret

/* size_t GCToOSInterface::GetCacheSizePerLogicalCpu(bool): 64 MiB. */
__wrap__ZN15GCToOSInterface25GetCacheSizePerLogicalCpuEb:
#if defined(__x86_64__)
        movl    $0x4000000, %eax
#else
        mov     x0, #0x4000000
#endif
        ret

/* void GCToOSInterface::GetMemoryStatus(uint64_t limit, uint32_t* load, uint64_t* available, uint64_t* availableSwap), of
   which each pointer may be null: no percent of it used, 1 GiB of each left. */
__wrap__ZN15GCToOSInterface15GetMemoryStatusEmPjPmS1_:
#if defined(__x86_64__)
        movl    $0x40000000, %eax
        testq   %rsi, %rsi
        jz      1f
        movl    $0, (%rsi)
1:      testq   %rdx, %rdx
        jz      2f
        movq    %rax, (%rdx)
2:      testq   %rcx, %rcx
        jz      3f
        movq    %rax, (%rcx)
3:
#else
        mov     x4, #0x40000000
        cbz     x1, 1f
        str     wzr, [x1]
1:      cbz     x2, 2f
        str     x4, [x2]
2:      cbz     x3, 3f
        str     x4, [x3]
3:
#endif
        ret

/* bool PalStartFinalizerThread(uint32_t (*)(void*), void*): it has been started. */
__wrap__Z23PalStartFinalizerThreadPFjPvES_:
#if defined(__x86_64__)
        movl    $1, %eax
#else
        mov     w0, #1
#endif
        ret

        .section .note.GNU-stack, "", %progbits
