// long csrun_spawn(struct spawn_call *call): makes a process and lets it run a table of system calls, see Spawn.Call.cs.
//
// With CLONE_VM the child shares all memory with its parent, which waits (CLONE_VFORK): nothing but this routine may run
// in it. It keeps to registers, so that the parent finds its stack as it left it.
    .text
    .globl csrun_spawn
    .type csrun_spawn, @function
csrun_spawn:
    push %rbx
    push %r12
    push %r13
    mov %rdi, %rbx
    mov 0(%rbx), %rax               // clone3 or clone, and its arguments
    mov 8(%rbx), %rdi
    mov 16(%rbx), %rsi
    mov 24(%rbx), %rdx
    mov 32(%rbx), %r10
    mov 40(%rbx), %r8
    syscall
    test %rax, %rax
    jz .Lchild
    pop %r13
    pop %r12
    pop %rbx
    ret

.Lchild:
    mov 48(%rbx), %r12              // the entry to run
    xor %r13d, %r13d                // its index
.Lnext:
    xor %eax, %eax
    cmp 56(%rbx), %r13
    jae .Lfailed                    // the last entry executes a program and does not come back
    mov 0(%r12), %rax
    mov 8(%r12), %rdi
    mov 16(%r12), %rsi
    mov 24(%r12), %rdx
    mov 32(%r12), %r10
    mov 40(%r12), %r8
    mov 48(%r12), %r9
    syscall
    test %rax, %rax
    js .Lerror
    jnz .Ldone
    testb $2, 56(%r12)              // flag 2: a result of 0 is a failure too
    jnz .Lfailed
    jmp .Ldone
.Lerror:
    testb $1, 56(%r12)              // flag 1: errors are passed over
    jz .Lfailed
.Ldone:
    add $64, %r12
    inc %r13
    jmp .Lnext

.Lfailed:
    neg %eax
    mov %r13d, 64(%rbx)
    mov %eax, 68(%rbx)
    mov 72(%rbx), %rdi              // where memory is not shared: tell it through this descriptor
    test %rdi, %rdi
    js .Lexit
    lea 64(%rbx), %rsi
    mov $8, %edx
    mov $1, %eax                    // write
    syscall
.Lexit:
    mov $127, %edi
    mov $231, %eax                  // exit_group
    syscall
    ud2
    .size csrun_spawn, . - csrun_spawn

// void *csrun_signal_handler(int fd): a handler that writes the signal's number (4 bytes) to the descriptor. Nothing
// managed may run in a handler, and the runtime's helper threads take signals that the main thread blocks.
    .globl csrun_signal_handler
    .type csrun_signal_handler, @function
csrun_signal_handler:
    mov %edi, .Lsignal_fd(%rip)
    lea .Lon_signal(%rip), %rax
    ret
.Lon_signal:
    push %rdi
    mov .Lsignal_fd(%rip), %edi
    mov %rsp, %rsi
    mov $4, %edx
    mov $1, %eax                    // write
    syscall
    pop %rdi
    ret
    .size csrun_signal_handler, . - csrun_signal_handler

// void *csrun_signal_restorer(void): what a handler returns to; this architecture has none in the kernel.
    .globl csrun_signal_restorer
    .type csrun_signal_restorer, @function
csrun_signal_restorer:
    lea .Lrestore(%rip), %rax
    ret
.Lrestore:
    mov $15, %eax                   // rt_sigreturn
    syscall
    .size csrun_signal_restorer, . - csrun_signal_restorer

    .local .Lsignal_fd
    .comm .Lsignal_fd, 4, 4
    .section .note.GNU-stack, "", @progbits
