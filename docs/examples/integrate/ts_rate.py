#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rate of an MPEG transport stream, null packets included, over each second of its own clock (PCR).

Usage: ts_rate.py FILE | udp:PORT. Fails when a second is more than 2 percent off the mean, or packets
are missing. A UDP stream ends when nothing came for 3 seconds.
"""
import socket
import sys

PACKET, NULL, SYNC = 188, 0x1FFF, 0x47


def datagrams(port):
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    receiver.bind(("127.0.0.1", port))
    receiver.settimeout(60)  # for the first
    try:
        while True:
            yield receiver.recv(65536)
            receiver.settimeout(3)
    except socket.timeout:
        return


def packets(where):
    if where.startswith("udp:"):
        for datagram in datagrams(int(where[4:])):
            yield from (datagram[at:at + PACKET] for at in range(0, len(datagram), PACKET))
        return
    with open(where, "rb") as file:
        while packet := file.read(PACKET):
            yield packet


def pcr(packet):
    """In seconds; None where the packet has none."""
    if not packet[3] & 0x20 or packet[4] < 7 or not packet[5] & 0x10:
        return None
    bits = int.from_bytes(packet[6:12], "big")
    return ((bits >> 15) * 300 + (bits & 0x1FF)) / 27e6


def main(where):
    seconds, counters = [], {}
    count = nulls = lost = widest = 0
    begin = last = None
    for packet in packets(where):
        if len(packet) != PACKET or packet[0] != SYNC:
            sys.exit(f"packet {count} is none of a transport stream")
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        if pid == NULL:
            nulls += 1
        elif packet[3] & 0x10:
            counter = packet[3] & 0x0F
            lost += counters.get(pid, counter - 1 & 0x0F) != (counter - 1 & 0x0F)
            counters[pid] = counter
        if (now := pcr(packet)) is not None:
            widest = max(widest, now - last if last else 0)
            last = now
            begin = begin or (count, now)
            if now - begin[1] >= 1:
                seconds.append((count - begin[0]) * PACKET * 8 / (now - begin[1]) / 1000)
                print(f"{seconds[-1]:.0f} kbit/s")
                begin = (count, now)
        count += 1
    if len(seconds) < 2:
        sys.exit("less than two seconds of a stream with a clock")
    mean = sum(seconds) / len(seconds)
    spread = max(abs(second - mean) for second in seconds) / mean
    print(f"{count} packets, {100 * nulls / count:.0f} % null, {lost} gaps, PCR every "
          f"{1000 * widest:.0f} ms at most, {mean:.0f} kbit/s +- {100 * spread:.1f} %")
    sys.exit(spread > 0.02 or lost > 0)


if __name__ == "__main__":
    main(sys.argv[1])
