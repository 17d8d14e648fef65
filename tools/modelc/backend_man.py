"""xe.1, the manual page of the command line: how it is called, then every command that is listed.

The text is roff with the man macros; what stands here by hand is only what the tables do not have.
"""

HEAD = r'''.\" Generated from the model; do not edit.
.TH XE 1 2026-11-26 "Clearwater" "Clearwater"
.SH NAME
xe \- manage hosts, virtual machines, storage and networks
.SH SYNOPSIS
.B xe
.RB [ \-s
.IR server ]
.RB [ \-p
.IR port ]
.RB [ \-u
.IR user
.BR \-pw
.IR password " | "
.B \-pwf
.IR file ]
.RB [ \-\-nossl ]
.I command
.RI [ parameter = value " ...]"
.SH DESCRIPTION
.B xe
sends a command to a host and prints what it answers.
It talks to any server of the XenAPI that has the thin CLI protocol, and knows no command itself.
.PP
Without
.B \-s
it talks to the daemon of this machine by its unix socket, where root needs no password.
.SS Options
.TP
.BI \-s " server"
The host to talk to.
.TP
.BI \-p " port"
The port on that host; 443 by default.
.TP
.BI \-u " user" "\fR, \fP\-pw" " password"
Who asks.
.TP
.BI \-pwf " file"
A file with the name of the user in its first line and the password in its second.
.TP
.B \-\-nossl
Connect without TLS.
.TP
.BR \-\-debug ", " \-\-debug\-on\-fail
Show the conversation on standard error, always or after a failure.
.TP
.B \-\-minimal
Print bare values, separated by commas: the form for scripts.
.TP
.B \-\-trace
Show where on the server a failure began.
.TP
.BI \-\-traceparent " value"
Context for distributed tracing.
.PP
Parameters may come in any order. A switch
.BI \-\- name
is the same as
.IB name =true \fR.
.SS Which objects
Commands that are marked with
.I vm
work on each virtual machine that
.BI uuid= "\fR, \fP" name\-label=
or any other field selects, and
.BI vm= name\-or\-uuid
is a short form of that; in the same way
.I host
and
.I sr\fR.
Where several are selected,
.B \-\-multiple
has to say that they are all meant.
.SH COMMANDS
'''

FAMILIES = r'''.SH CLASSES OF OBJECTS
For each of these classes there is
.IB class \-list
.RB [ params= all | field,... ]
.RI [ field=value " ...]"
, which prints the objects that have the given values;
.IB class \-param\-list
.BI uuid= ...
, which prints all fields of one;
.IB class \-param\-get
.BI uuid= ... " param\-name=" ...
.RB [ param\-key= ... ]
; and where fields can be changed
.IB class \-param\-set
.BI uuid= ... " field" = value
or
.IB field : key = value
for one key of a map,
.IB class \-param\-add\fR,
.IB class \-param\-remove
and
.IB class \-param\-clear\fR.
'''

TAIL = r'''.SH EXIT STATUS
0 when the command succeeded, 1 when it failed or no server could be reached.
.SH ENVIRONMENT
.TP
.B CLEARWATER_ROOT
The root directory of the daemon whose socket is used when no server is named; / by default.
.TP
.B XE_EXTRA_ARGS
More arguments, separated by commas; the command line has precedence.
.SH FILES
.TP
.I ~/.xe
Options as lines of the form
.IR key = value :
server, port, username, password, passwordfile, nossl.
.TP
.I /run/clearwater/xapi.sock
Where the daemon of this machine listens.
.SH EXAMPLES
Install a virtual machine from a CD image and start it:
.PP
.nf
.RS
vm=$(xe vm\-install template="Other install media" new\-name\-label=web)
xe vm\-cd\-add vm=$vm cd\-name=debian.iso device=3
xe vm\-start vm=$vm
.RE
.fi
.PP
The names and power states of all virtual machines of another host:
.PP
.nf
.RS
xe \-s host1 \-u root \-pwf ~/host1 vm\-list params=name\-label,power\-state
.RE
.fi
.SH SEE ALSO
.BR clearwater.conf (5),
.BR clearwaterd (8)
'''


def roff(text):
    """Plain text as roff prints it."""
    text = text.replace('\\', '\\e').replace('-', '\\-')
    return '\\&' + text if text.startswith(('.', "'")) else text


def parameter(name, optional):
    """`name=...`, or `name:key=...` for what takes keys, in brackets when it may be left out."""
    key = roff(name.rstrip(':'))
    text = f'\\fB{key}:\\fP\\fIkey\\fP\\fB=\\fP\\fIvalue\\fP' if name.endswith(':') \
        else f'\\fB{key}=\\fP\\fIvalue\\fP'
    return f'[{text}]' if optional else text


def command_entry(command):
    words = [parameter(name, False) for name in command.required]
    words += [parameter(name, True) for name in command.optional]
    selector = [flag for flag in ('vm', 'host', 'sr') if flag in command.flags]
    words = [f'\\fI{flag}\\fP' for flag in selector] + words
    line = ' '.join([f'\\fB{roff(command.name)}\\fP'] + words)
    text = f'.TP\n{line}\n{roff(command.doc)}\n'
    if command.lacks:
        text += f'It waits for {roff(command.lacks)}.\n'
    return text


def family_entry(family):
    shown = [field.name for field in family.record.fields if 'h' not in field.flags]
    return f'.TP\n.B {roff(family.name)}\n{", ".join(map(roff, shown))}.\n'


def generate(families, commands):
    listed = [command for command in commands if 'hidden' not in command.flags]
    text = HEAD + ''.join(map(command_entry, listed)) + FAMILIES
    text += ''.join(family_entry(family) for family in sorted(families, key=lambda f: f.name))
    return {'xe.1': text + TAIL}
