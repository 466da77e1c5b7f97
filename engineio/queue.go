package engineio

// queue holds the payloads queued for one peer. Its Conn's mutex guards it.
type queue struct {
	items     []item
	pong      *Payload // the answer to the newest PING; sent first, not counted
	taken     int      // packets of items[0] already sent by polls
	bytes     int      // queued or being written, without exempt ones
	writing   int      // items being written,
	written   int      // their part of bytes
	snapshots int      // exempt items, queued or being written: at most one
}

// item is a payload in a queue.
type item struct {
	*Payload
	cost   int  // bytes counted against the bounds
	exempt bool // the snapshot that is not counted
}

// account returns the item of a payload with its cost. [SEC-46] One snapshot is not
// counted.
func (q *queue) account(p *Payload) item {
	if p.snapshot && q.snapshots == 0 {
		q.snapshots++
		return item{p, 0, true}
	}
	q.bytes += p.Len()
	return item{p, p.Len(), false}
}

// push appends a payload and returns its cost.
func (q *queue) push(p *Payload) int {
	it := q.account(p)
	q.items = append(q.items, it)
	return it.cost
}

// pushFront puts a payload before all others and returns its cost.
func (q *queue) pushFront(p *Payload) int {
	it := q.account(p)
	q.items = append([]item{it}, q.items...)
	return it.cost
}

// release stops counting an item that was dropped or sent by a poll, and returns its
// cost.
func (q *queue) release(it item) int {
	if it.exempt {
		q.snapshots--
	}
	q.bytes -= it.cost
	return it.cost
}

// settle stops counting the items of the last pop and returns their cost.
func (q *queue) settle(batch []item) (cost int) {
	for _, it := range batch {
		cost += q.release(it)
	}
	q.writing -= len(batch)
	q.written -= cost
	return cost
}

// behind returns the bytes queued after those being written, or after the first item. So
// a queue accepts one message of any size.
func (q *queue) behind() int {
	switch {
	case q.writing > 0:
		return q.bytes - q.written
	case len(q.items) > 0:
		return q.bytes - q.items[0].cost
	}
	return 0
}

// empty reports whether nothing is queued; items being written do not count.
func (q *queue) empty() bool { return len(q.items) == 0 && q.pong == nil }

// pop removes the items that fit into one write of size bytes, at least one. Items are
// counted until settle is called.
func (q *queue) pop(size int, batch []item) []item {
	if q.pong != nil {
		batch = append(batch, item{q.pong, 0, false})
		q.pong = nil
	}
	for len(q.items) > 0 {
		it := q.items[0]
		if len(batch) > 0 && it.Len() > size {
			break
		}
		size -= it.Len()
		q.written += it.cost
		batch = append(batch, it)
		q.shift()
	}
	q.writing += len(batch)
	return batch
}

// popPackets removes packets in their polling form, at least one: up to maxAnswer bytes,
// or fewPackets packets. It returns the released cost.
func (q *queue) popPackets(many bool) (texts [][]byte, cost int) {
	for size := 0; len(q.items) > 0; {
		it := q.items[0]
		for q.taken < len(it.packets) {
			text := it.packets[q.taken].text
			size += len(text) + 1 // with the separator
			if len(texts) > 0 && size > maxAnswer || !many && len(texts) == fewPackets {
				return texts, cost
			}
			texts = append(texts, text)
			q.taken++
		}
		cost += q.release(it)
		q.shift()
	}
	return texts, cost
}

// shift removes the first item.
func (q *queue) shift() {
	q.items[0] = item{}
	q.items, q.taken = q.items[1:], 0
	if len(q.items) == 0 {
		q.items = nil
	}
}

// whole removes the packets of the first payload that polls have already sent, before a
// websocket takes over. It returns the released cost.
func (q *queue) whole() (cost int) {
	if q.taken == 0 {
		return 0
	}
	p := q.items[0].Payload
	start := p.packets[q.taken].start
	rest := &Payload{frames: p.frames[start:], snapshot: p.snapshot}
	for _, k := range p.packets[q.taken:] {
		rest.packets = append(rest.packets, packet{k.start - start, k.end - start, k.text})
	}
	if !q.items[0].exempt {
		cost = p.Len() - rest.Len()
		q.bytes -= cost
		q.items[0].cost -= cost
	}
	q.items[0].Payload, q.taken = rest, 0
	return cost
}

// prefaces returns the queued payloads that are marked as prefaces.
func (q *queue) prefaces() (marked []*Payload) {
	for _, it := range q.items {
		if it.first {
			marked = append(marked, it.Payload)
		}
	}
	return marked
}

// drop empties the queue and returns the released cost. Items being written are still
// counted.
func (q *queue) drop() (cost int) {
	for _, it := range q.items {
		cost += q.release(it)
	}
	q.items, q.taken, q.pong = nil, 0, nil
	return cost
}
