/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program of 32 bits without libraries: exit(7), by the old system call. */
	.globl _start
_start:
	movl $1, %eax
	movl $7, %ebx
	int $0x80
	.section .note.GNU-stack, "", @progbits
