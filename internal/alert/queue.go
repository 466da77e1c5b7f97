package alert

// maxAlerts bounds the alerts that wait, including those of the digest being
// sent. Beyond it the oldest ones are only counted [SEC-60].
const maxAlerts = 1000

// queue has the alerts that wait for a digest, oldest first.
type queue struct {
	Alerts  []Alert `json:"alerts,omitempty"`
	Omitted int     `json:"omitted,omitempty"` // older ones that did not fit
}

// add adds an alert, and drops the oldest ones beyond room.
func (q *queue) add(a Alert, room int) {
	for i := range q.Alerts {
		if q.Alerts[i].Kind == a.Kind && q.Alerts[i].About == a.About {
			q.Alerts[i] = q.Alerts[i].merge(a)
			return
		}
	}
	q.Alerts = append(q.Alerts, a)
	if over := len(q.Alerts) - max(room, 0); over > 0 {
		q.Alerts = append([]Alert(nil), q.Alerts[over:]...)
		q.Omitted += over
	}
}

// take removes and returns the alerts of the kinds for which of is true, and the
// number of those that were dropped.
func (q *queue) take(of func(Kind) bool) (alerts []Alert, omitted int) {
	var left []Alert
	for _, a := range q.Alerts {
		if of(a.Kind) {
			alerts = append(alerts, a)
		} else {
			left = append(left, a)
		}
	}
	omitted = q.Omitted
	*q = queue{Alerts: left}
	return alerts, omitted
}
