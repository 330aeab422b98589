/* A hundred thousand times getppid: what a filter costs each system call. */

    .globl  _start
_start:
#if defined(__x86_64__)
    mov     $100000, %ebx
1:  mov     $110, %eax
    syscall
    dec     %ebx
    jnz     1b
    mov     $60, %eax
    xor     %edi, %edi
    syscall
#elif defined(__aarch64__)
    mov     w19, #0x86a0
    movk    w19, #1, lsl #16
1:  mov     x8, #173
    svc     #0
    subs    w19, w19, #1
    b.ne    1b
    mov     x8, #93
    mov     x0, #0
    svc     #0
#endif

    .section .note.GNU-stack, "", %progbits
