import { startTimer, monotonicNow } from './clock.ts';

interface Deadline {
  key: string;
  at: number;
  priority: number;
}

/** Keys that become due later: one timer for all of them, however many there are and however far away. */
export interface Deadlines {
  /** Has `key` become due in `ms` milliseconds, unless it is due earlier already; the higher priority stays. */
  add(key: string, ms: number, priority: number): void;
  /** How many keys are waiting. */
  size(): number;
  /** Forgets them all. */
  clear(): void;
}

/** Calls `due` once for each key, when its time has come. */
export const createDeadlines = (due: (key: string, priority: number) => void): Deadlines => {
  /** A binary heap, earliest first. Entries that were superseded stay until they surface. */
  const heap: Deadline[] = [];
  const current = new Map<string, Deadline>();
  let timer: { at: number; cancel: () => void } | undefined;

  const arm = () => {
    const [next] = heap;
    if (timer && timer.at === next?.at) return;
    timer?.cancel();
    timer = next && { at: next.at, cancel: startTimer(next.at - monotonicNow(), fire) };
  };

  const fire = () => {
    timer = undefined;
    for (;;) {
      const [next] = heap;
      if (!next || next.at > monotonicNow()) break;
      removeFirst(heap);
      if (current.get(next.key) !== next) continue;
      current.delete(next.key);
      due(next.key, next.priority);
    }
    arm();
  };

  return {
    add(key, ms, priority) {
      const at = monotonicNow() + ms;
      const known = current.get(key);
      if (known && known.at <= at) {
        known.priority = Math.max(known.priority, priority);
        return;
      }
      const deadline = { key, at, priority: Math.max(priority, known?.priority ?? priority) };
      current.set(key, deadline);
      insert(heap, deadline);
      arm();
    },
    size: () => current.size,
    clear() {
      timer?.cancel();
      timer = undefined;
      heap.length = 0;
      current.clear();
    },
  };
};

const insert = (heap: Deadline[], deadline: Deadline) => {
  let index = heap.push(deadline) - 1;
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (!parent || parent.at <= deadline.at) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = deadline;
};

const removeFirst = (heap: Deadline[]) => {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let below = 2 * index + 1;
    const left = heap[below];
    const right = heap[below + 1];
    if (left && right && right.at < left.at) below += 1;
    const child = heap[below];
    if (!child || child.at >= last.at) break;
    heap[index] = child;
    index = below;
  }
  heap[index] = last;
};
