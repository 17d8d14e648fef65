/* The smallest guest: a boot sector that obeys single letters on the first serial line.
 *
 *   p  power off        r  reset        c  panic
 *   +  add one to a counter in memory and tell it: 'A' + counter
 *   w  write the counter to the disk's second sector, d  tell it as it stands there
 *
 * Anything else is echoed.  It says "READY" when it listens.  The ports are those of QEMU's q35:
 * PM1a control at 0x604, reset control at 0xcf9, pvpanic at 0x505, COM1 at 0x3f8. */
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
        call put
        jmp wait

poweroff:
        movw $0x604, %dx
        movw $0x2000, %ax
        outw %ax, %dx
        jmp wait
reset:
        movw $0xcf9, %dx
        movb $0x0e, %al
        outb %al, %dx
        jmp wait
panic:
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

        /* One sector by the extended disk functions; %ah is the function. On an error the
         * answer is the buffer as it was. */
disk:   movw $packet, %si
        movb drive, %dl
        int $0x13
        ret

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

        .org 510
        .word 0xaa55
        .set buffer, 0x8000
