/* Runs before libc's constructors and the .NET runtime, which change signal dispositions: notes what execve left. */

#if defined(__x86_64__)
    .section .preinit_array, "aw"
    .quad   checker_note_start

    .text
    .globl  checker_note_start
checker_note_start:                     /* (int argc, char **argv, char **envp) */
    push    %rbx
    sub     $48, %rsp
    movslq  %edi, %rdi
    mov     %rdi, checker_state(%rip)
    mov     %rsi, checker_state+8(%rip)
    mov     %rdx, checker_state+16(%rip)
    mov     $1, %ebx
1:  mov     $13, %eax                   /* rt_sigaction(signal, NULL, old, 8) */
    mov     %ebx, %edi
    xor     %esi, %esi
    mov     %rsp, %rdx
    mov     $8, %r10d
    syscall
    test    %rax, %rax
    jnz     2f
    cmpq    $1, (%rsp)                  /* SIG_IGN */
    jne     2f
    lea     -1(%rbx), %ecx
    mov     $1, %eax
    shl     %cl, %rax
    or      %rax, checker_state+24(%rip)
2:  inc     %ebx
    cmp     $64, %ebx
    jbe     1b
    mov     $14, %eax                   /* rt_sigprocmask(SIG_BLOCK, NULL, old, 8) */
    xor     %edi, %edi
    xor     %esi, %esi
    lea     checker_state+32(%rip), %rdx
    mov     $8, %r10d
    syscall
    add     $48, %rsp
    pop     %rbx
    ret

    .globl  checker_state_at_start
checker_state_at_start:
    lea     checker_state(%rip), %rax
    ret
#elif defined(__aarch64__)
    .section .preinit_array, "aw"
    .quad   checker_note_start

    .text
    .globl  checker_note_start
checker_note_start:
    sub     sp, sp, #48
    adrp    x9, checker_state
    add     x9, x9, :lo12:checker_state
    sxtw    x0, w0
    stp     x0, x1, [x9]
    str     x2, [x9, #16]
    mov     x10, #1
    mov     x11, #0
1:  mov     x0, x10
    mov     x1, #0
    mov     x2, sp
    mov     x3, #8
    mov     x8, #134                    /* rt_sigaction */
    svc     #0
    cbnz    x0, 2f
    ldr     x12, [sp]
    cmp     x12, #1
    b.ne    2f
    sub     x12, x10, #1
    mov     x13, #1
    lsl     x13, x13, x12
    orr     x11, x11, x13
2:  add     x10, x10, #1
    cmp     x10, #64
    b.le    1b
    str     x11, [x9, #24]
    mov     x0, #0
    mov     x1, #0
    add     x2, x9, #32
    mov     x3, #8
    mov     x8, #135                    /* rt_sigprocmask */
    svc     #0
    add     sp, sp, #48
    ret

    .globl  checker_state_at_start
checker_state_at_start:
    adrp    x0, checker_state
    add     x0, x0, :lo12:checker_state
    ret
#endif

    .bss
    .balign 8
checker_state:                          /* argc, argv, envp, ignored signals, blocked signals */
    .skip   40

    .section .note.GNU-stack, "", %progbits
