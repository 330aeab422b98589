/* Stands in for parts of the managed runtime's start, named in Startup.targets (the linker's --wrap): together a third
   of what it costs. All of them only tune what this program has settled for itself: the heap has a hard limit of its
   own and is collected by the one thread there is.

   - The limits of our own cgroup, read from mountinfo twice: no use to a heap with a hard limit.
   - NUMA nodes: the workstation collector keeps to one heap.
   - The sizes of the processor's caches, from ten files of sysfs: they set the budget of the youngest generation.
   - The machine's memory, from /proc/meminfo: it makes the collector thorough where memory is short, and a command is
     over before that would matter.
   - The finalizer's thread: nothing here has a finalizer that matters before the process ends, and a process with one
     thread starts, clones and ends faster. Objects with finalizers are only kept.
   - The stack's bounds, from /proc/self/maps: they are where libc found the stack, and the limit says how far it goes.
   - Advice to the kernel what a core dump is to hold: thirteen calls, each of which splits a mapping in two.
   - The directory of the executable, from /proc/self/exe: libraries would be looked for there, and none is loaded. */

        .text
        .globl  __wrap__Z16InitializeCGroupv
        .globl  __wrap__Z19InitializeCpuCGroupv
        .globl  __wrap__Z21NUMASupportInitializev
        .globl  __wrap__ZN15GCToOSInterface25GetCacheSizePerLogicalCpuEb
        .globl  __wrap__ZN15GCToOSInterface15GetMemoryStatusEmPjPmS1_
        .globl  __wrap__Z23PalStartFinalizerThreadPFjPvES_
        .globl  __wrap__Z24PalGetMaximumStackBoundsPPvS0_
        .globl  __wrap_madvise
        .globl  __wrap__dl_get_origin

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

/* bool PalGetMaximumStackBounds(void** low, void** high): of the first thread; another one's are asked for as before.
   A stack without a limit counts as one of 8 MiB, as it does everywhere else. */
        .equ    LARGEST_STACK, 0x800000
__wrap__Z24PalGetMaximumStackBoundsPPvS0_:
#if defined(__x86_64__)
        movq    __libc_stack_end(%rip), %r8
        movq    %r8, %rax
        subq    %rsp, %rax
        cmpq    $LARGEST_STACK, %rax
        ja      __real__Z24PalGetMaximumStackBoundsPPvS0_
        addq    $4095, %r8
        andq    $-4096, %r8
        movq    %r8, (%rsi)
        movq    %rdi, %r9
        subq    $24, %rsp
        movl    $302, %eax              /* prlimit64(0, RLIMIT_STACK, NULL, rsp) */
        xorl    %edi, %edi
        movl    $3, %esi
        xorl    %edx, %edx
        movq    %rsp, %r10
        syscall
        movq    (%rsp), %rcx
        addq    $24, %rsp
        movl    $LARGEST_STACK, %edx
        testq   %rax, %rax
        jnz     1f
        cmpq    %rdx, %rcx
        cmovbq  %rcx, %rdx
1:      subq    %rdx, %r8
        movq    %r8, (%r9)
        movl    $1, %eax
#else
        adrp    x9, __libc_stack_end
        ldr     x9, [x9, :lo12:__libc_stack_end]
        mov     x10, sp
        sub     x10, x9, x10
        mov     x11, #LARGEST_STACK
        cmp     x10, x11
        b.hi    __real__Z24PalGetMaximumStackBoundsPPvS0_
        add     x9, x9, #4095
        and     x9, x9, #-4096
        str     x9, [x1]
        mov     x10, x0
        sub     sp, sp, #16
        mov     x8, #261                /* prlimit64(0, RLIMIT_STACK, NULL, sp) */
        mov     x0, #0
        mov     x1, #3
        mov     x2, #0
        mov     x3, sp
        svc     #0
        ldr     x12, [sp]
        add     sp, sp, #16
        cbnz    x0, 1f
        cmp     x12, x11
        csel    x11, x12, x11, lo
1:      sub     x9, x9, x11
        str     x9, [x10]
        mov     w0, #1
#endif
        ret

/* int madvise(void*, size_t, int): MADV_DONTDUMP and MADV_DODUMP are only said to have been done. */
__wrap_madvise:
#if defined(__x86_64__)
        leal    -16(%rdx), %eax
        cmpl    $1, %eax
        ja      __real_madvise
        xorl    %eax, %eax
#else
        sub     w9, w2, #16
        cmp     w9, #1
        b.hi    __real_madvise
        mov     w0, #0
#endif
        ret

/* const char* _dl_get_origin(void): (char*)-1, it is not known. */
__wrap__dl_get_origin:
#if defined(__x86_64__)
        movq    $-1, %rax
#else
        mov     x0, #-1
#endif
        ret

        .section .note.GNU-stack, "", %progbits
