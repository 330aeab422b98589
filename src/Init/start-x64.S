# Where the kernel enters Init, and the few instructions that C# has no words for.
.text

# The stack is as execve(2) leaves it: argc, argv..., NULL, envp..., NULL, auxiliary vector.
.globl _start
_start:
    xor %ebp, %ebp
    mov %rsp, %rdi
    and $-16, %rsp
    call init_main
    ud2

# nint syscall3(number, a, b, c), and so on: -errno on failure.
.globl syscall3
syscall3:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    syscall
    ret

.globl syscall5
syscall5:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    syscall
    ret

.globl syscall6
syscall6:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    syscall
    ret

# A signal handler: exit_group(128 + signal). It never returns, so it needs no restorer that works.
exit_on_signal:
    add $128, %edi
    mov $231, %eax
    syscall
    ud2

# nint exit_handler(): its address.
.globl exit_handler
exit_handler:
    lea exit_on_signal(%rip), %rax
    ret

# void set_cookie(nuint): what methods with buffers on the stack check before they return.
.globl set_cookie
set_cookie:
    mov %rdi, __security_cookie(%rip)
    ret

# ilc's code polls for a collection after a call out; there is never one here.
.globl RhpGcPoll
RhpGcPoll:
    ret

.section .rodata
.globl RhpTrapThreads
RhpTrapThreads:
    .long 0

.data
.balign 8
.globl __security_cookie
__security_cookie:
    .quad 0

# The runtime replaces this by the plan; an Init without one says so and exits.
.section .plan, "a", @progbits
    .quad 0

.section .note.GNU-stack, "", @progbits
