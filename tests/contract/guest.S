/* The smallest guest: a boot sector that obeys single letters on the first serial line.
 *
 *   p  power off        r  reset        c  panic
 *   +  add one to a counter in memory and tell it: 'A' + counter
 *   w  write the counter to the disk's second sector, d  tell it as it stands there
 *   s  tell whether the processor has SSE3: 'y' or 'n'
 *
 * Anything else is echoed.  It says "READY" when it listens.  Reset control is at 0xcf9 and COM1 at
 * 0x3f8; the rest depends on the machine, which is told by the host bridge:
 *
 *                       PM1a control                                   panic
 *   QEMU's q35          0x604                                          pvpanic at 0x505
 *   i440fx, under Xen   4 behind the base that the PIIX4 has at 0x40   a hypercall
 */
        .set Q35, 0x29c08086
        .set HYPERCALLS, 0x9000         /* a page that Xen fills with the ways into it */
        .set SCHED_OP, 29
        .set SCHEDOP_shutdown, 2
        .set SHUTDOWN_crash, 3
        .code16
        .globl _start
_start:
        xorw %ax, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movw $0x7c00, %sp
        movb %dl, drive
        sti
        movw $greeting, %si
1:      lodsb
        testb %al, %al
        jz wait
        call put
        jmp 1b

        /* The timer interrupt ends each hlt, 18 times a second. */
wait:   hlt
        movw $0x3fd, %dx
        inb %dx, %al
        testb $1, %al
        jz wait
        movw $0x3f8, %dx
        inb %dx, %al
        cmpb $'p', %al
        je poweroff
        cmpb $'r', %al
        je reset
        cmpb $'c', %al
        je panic
        cmpb $'+', %al
        je count
        cmpb $'w', %al
        je write
        cmpb $'d', %al
        je read
        cmpb $'s', %al
        je sse3
        call put
        jmp wait

poweroff:
        call is_q35
        movw $0x604, %dx
        je 1f
        movl $0x80000b40, %eax          /* bus 0, device 1, function 3 */
        call configuration
        andb $0xc0, %al
        addw $4, %ax
        movw %ax, %dx
1:      movw $0x2000, %ax
        outw %ax, %dx
        jmp wait
reset:
        movw $0xcf9, %dx
        movb $0x0e, %al
        outb %al, %dx
        jmp wait
panic:
        call is_q35
        jne panic_xen
        movw $0x505, %dx
        movb $1, %al
        outb %al, %dx
        jmp wait
count:
        incb counter
        movb counter, %al
        addb $'A', %al
        call put
        jmp wait
write:
        movb counter, %al
        addb $'A', %al
        movb %al, buffer
        movb $0x43, %ah
        xorb %al, %al
        call disk
        movb $'.', %al
        call put
        jmp wait
read:
        movb $'?', buffer
        movb $0x42, %ah
        call disk
        movb buffer, %al
        call put
        jmp wait

sse3:   movl $1, %eax
        cpuid
        movb $'n', %al
        testb $1, %cl
        jz 1f
        movb $'y', %al
1:      call put
        jmp wait

        /* One sector by the extended disk functions; %ah is the function. On an error the
         * answer is the buffer as it was. */
disk:   movw $packet, %si
        movb drive, %dl
        int $0x13
        ret

        /* Tells by the zero flag. */
is_q35: movl $0x80000000, %eax
        call configuration
        cmpl $Q35, %eax
        ret

        /* The register %eax of a PCI device, into %eax. */
configuration:
        movw $0xcf8, %dx
        outl %eax, %dx
        movw $0xcfc, %dx
        inl %dx, %eax
        ret

        /* Xen takes no calls from real mode. */
panic_xen:
        cli
        lgdt table_register
        movl %cr0, %eax
        orb $1, %al
        movl %eax, %cr0
        ljmp $8, $1f
        .code32
1:      movw $16, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl $0x40000002, %eax          /* %ebx is the register that takes the page's address */
        cpuid
        movl %ebx, %ecx
        movl $HYPERCALLS, %eax
        xorl %edx, %edx
        wrmsr
        movl $SCHEDOP_shutdown, %ebx
        movl $reason, %ecx
        movl $(HYPERCALLS + 32 * SCHED_OP), %eax
        call *%eax
1:      hlt
        jmp 1b
        .code16

        /* Sends %al. */
put:    pushw %ax
        movw $0x3fd, %dx
1:      inb %dx, %al
        testb $0x20, %al
        jz 1b
        popw %ax
        movw $0x3f8, %dx
        outb %al, %dx
        ret

greeting:
        .asciz "READY\r\n"
counter: .byte 0
drive:  .byte 0
packet: .byte 16, 0
        .word 1
        .word buffer, 0
        .long 1, 0
reason: .long SHUTDOWN_crash
table_register:
        .word 23
        .long table
        .balign 8
table:  .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff    /* all memory as code, and as data */

        .org 510
        .word 0xaa55
        .set buffer, 0x8000
