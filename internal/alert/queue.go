package alert

// maxAlerts is how many alerts wait, those of the digest under way included.
// Older ones than that are only counted [SEC-60].
const maxAlerts = 1000

// queue are the alerts that wait for a digest, oldest first.
type queue struct {
	Alerts  []Alert `json:"alerts,omitempty"`
	Omitted int     `json:"omitted,omitempty"` // older ones that did not fit
}

// add takes an alert; at most room wait afterwards.
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

// take takes out what of is true for, and the count of what did not fit.
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
