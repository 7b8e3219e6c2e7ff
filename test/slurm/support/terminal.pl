# Runs a command at a terminal of its own, which no program in the cluster gives: perl terminal.pl STEP... -- COMMAND...
# Steps: wait=TEXT for that text to appear, send=TEXT, size=ROWS,COLUMNS. Prints what the terminal showed; exits as COMMAND.
use strict; use warnings; use POSIX ();
my @steps; push @steps, shift while $ARGV[0] ne '--'; shift;
# TIOCSPTLCK, TIOCGPTN, TIOCSWINSZ and TIOCSCTTY of Linux (ioctl_tty(2)).
open my $master, '+<', '/dev/ptmx' or die "/dev/ptmx: $!";
my $unlocked = pack 'i', 0; ioctl $master, 0x40045431, $unlocked or die "unlock: $!";
my $number = pack 'i', 0; ioctl $master, 0x80045430, $number or die "number: $!";
my $name = '/dev/pts/' . unpack 'i', $number;
sub size { my $size = pack 'S4', @_, 0, 0; ioctl $master, 0x5414, $size or die "size: $!" }
size 24, 80;
my $child = fork;
if ($child == 0) {
    POSIX::setsid();
    open my $slave, '+<', $name or die "$name: $!";
    ioctl $slave, 0x540E, my $zero = 0;
    POSIX::dup2(fileno $slave, $_) for 0 .. 2;
    exec @ARGV or POSIX::_exit(127);
}
$| = 1;
my ($seen, $deadline) = ('', time + 120);
my $bits = ''; vec($bits, fileno $master, 1) = 1;
while (time < $deadline) {
    while (@steps) {
        my ($kind, $text) = split /=/, $steps[0], 2;
        if ($kind eq 'wait') { my $at = index $seen, $text; last if $at < 0; $seen = substr $seen, $at + length $text }
        elsif ($kind eq 'send') { syswrite $master, $text }
        else { size split /,/, $text; kill 'WINCH', $child }
        shift @steps;
    }
    next unless select my $ready = $bits, undef, undef, 1;
    last unless sysread $master, my $part, 4096;
    $seen .= $part; print $part;
}
if (time >= $deadline) { print "\nstill waiting for @steps\n"; kill 'HUP', $child }
waitpid $child, 0;
exit($? >> 8 || $? & 127);
