// long csrun_spawn(struct spawn_call *call): makes a process and lets it run a table of system calls, see Spawn.Call.cs.
//
// With CLONE_VM the child shares all memory with its parent, which waits (CLONE_VFORK): nothing but this routine may run
// in it. It keeps to registers, so that the parent finds its stack as it left it.
    .text
    .globl csrun_spawn
    .type csrun_spawn, %function
csrun_spawn:
    stp x19, x20, [sp, #-32]!
    str x21, [sp, #16]
    mov x19, x0
    ldr x8, [x19, #0]               // clone3 or clone, and its arguments
    ldp x0, x1, [x19, #8]
    ldp x2, x3, [x19, #24]
    ldr x4, [x19, #40]
    svc #0
    cbz x0, .Lchild
    ldr x21, [sp, #16]
    ldp x19, x20, [sp], #32
    ret

.Lchild:
    ldr x20, [x19, #48]             // the entry to run
    mov x21, #0                     // its index
.Lnext:
    mov x0, #0
    ldr x9, [x19, #56]
    cmp x21, x9
    b.hs .Lfailed                   // the last entry executes a program and does not come back
    ldr x8, [x20, #0]
    ldp x0, x1, [x20, #8]
    ldp x2, x3, [x20, #24]
    ldp x4, x5, [x20, #40]
    svc #0
    ldr x9, [x20, #56]
    tbnz x0, #63, .Lerror
    cbnz x0, .Ldone
    tbnz x9, #1, .Lfailed           // flag 2: a result of 0 is a failure too
    b .Ldone
.Lerror:
    tbz x9, #0, .Lfailed            // flag 1: errors are passed over
.Ldone:
    add x20, x20, #64
    add x21, x21, #1
    b .Lnext

.Lfailed:
    neg w0, w0
    str w21, [x19, #64]
    str w0, [x19, #68]
    ldr x0, [x19, #72]              // where memory is not shared: tell it through this descriptor
    tbnz x0, #63, .Lexit
    add x1, x19, #64
    mov x2, #8
    mov x8, #64                     // write
    svc #0
.Lexit:
    mov x0, #127
    mov x8, #94                     // exit_group
    svc #0
    brk #0
    .size csrun_spawn, . - csrun_spawn

// void *csrun_signal_handler(int fd): a handler that writes the signal's number (4 bytes) to the descriptor. Nothing
// managed may run in a handler, and the runtime's helper threads take signals that the main thread blocks.
    .globl csrun_signal_handler
    .type csrun_signal_handler, %function
csrun_signal_handler:
    adrp x1, signal_fd
    str w0, [x1, :lo12:signal_fd]
    adr x0, .Lon_signal
    ret
.Lon_signal:
    sub sp, sp, #16
    str w0, [sp]
    adrp x1, signal_fd
    ldr w0, [x1, :lo12:signal_fd]
    mov x1, sp
    mov x2, #4
    mov x8, #64                     // write
    svc #0
    add sp, sp, #16
    ret
    .size csrun_signal_handler, . - csrun_signal_handler

// void *csrun_signal_restorer(void): what a handler returns to; the kernel has its own here.
    .globl csrun_signal_restorer
    .type csrun_signal_restorer, %function
csrun_signal_restorer:
    mov x0, #0
    ret
    .size csrun_signal_restorer, . - csrun_signal_restorer

    .local signal_fd
    .comm signal_fd, 4, 4
    .section .note.GNU-stack, "", %progbits
