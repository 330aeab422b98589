// Where the kernel enters Init, and the few instructions that C# has no words for.
.text

// The stack is as execve(2) leaves it: argc, argv..., NULL, envp..., NULL, auxiliary vector.
.globl _start
_start:
    mov x29, #0
    mov x30, #0
    mov x0, sp
    bl init_main
    brk #0

// nint syscall3(number, a, b, c), and so on: -errno on failure.
.globl syscall3
syscall3:
    mov x8, x0
    mov x0, x1
    mov x1, x2
    mov x2, x3
    svc #0
    ret

.globl syscall5
syscall5:
    mov x8, x0
    mov x0, x1
    mov x1, x2
    mov x2, x3
    mov x3, x4
    mov x4, x5
    svc #0
    ret

.globl syscall6
syscall6:
    mov x8, x0
    mov x0, x1
    mov x1, x2
    mov x2, x3
    mov x3, x4
    mov x4, x5
    mov x5, x6
    svc #0
    ret

// A signal handler: exit_group(128 + signal). It never returns.
exit_on_signal:
    add w0, w0, #128
    mov x8, #94
    svc #0
    brk #0

// nint exit_handler(): its address.
.globl exit_handler
exit_handler:
    adrp x0, exit_on_signal
    add x0, x0, :lo12:exit_on_signal
    ret

// void set_cookie(nuint): what methods with buffers on the stack check before they return.
.globl set_cookie
set_cookie:
    adrp x1, __security_cookie
    str x0, [x1, :lo12:__security_cookie]
    ret

// ilc's code polls for a collection after a call out; there is never one here.
.globl RhpGcPoll
RhpGcPoll:
    ret

.section .rodata
.globl RhpTrapThreads
.balign 4
RhpTrapThreads:
    .word 0

.data
.balign 8
.globl __security_cookie
__security_cookie:
    .quad 0

// The runtime replaces this by the plan; an Init without one says so and exits.
.section .plan, "a", %progbits
    .quad 0

.section .note.GNU-stack, "", %progbits
