"""The barrier at which threads wait for each other, inside the one native call."""

from __future__ import annotations

SPINS = 4096
"""How often a thread looks whether it may go on before it lets others have the core."""

BARRIER = f"""
declare i32 @sched_yield()
define internal void @barrier(ptr %at, i64 %threads) nounwind noinline {{
entry:
  %generation = getelementptr i64, ptr %at, i64 16
  %now = load atomic i64, ptr %generation acquire, align 8
  %before = atomicrmw add ptr %at, i64 1 acq_rel
  %last = sub i64 %threads, 1
  %is_last = icmp eq i64 %before, %last
  br i1 %is_last, label %open, label %wait
open:
  store atomic i64 0, ptr %at monotonic, align 8
  %next = add i64 %now, 1
  store atomic i64 %next, ptr %generation release, align 8
  ret void
wait:
  %spins = phi i64 [ 0, %entry ], [ %more, %again ], [ 0, %yield ]
  %seen = load atomic i64, ptr %generation acquire, align 8
  %done = icmp ne i64 %seen, %now
  br i1 %done, label %out, label %again0
again0:
  %more = add i64 %spins, 1
  %tired = icmp eq i64 %more, {SPINS}
  br i1 %tired, label %yield, label %again
again:
  br label %wait
yield:
  call i32 @sched_yield()
  br label %wait
out:
  ret void
}}
"""
"""The function `barrier`, of the address of its counters and the number of threads."""
