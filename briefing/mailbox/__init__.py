"""Mail that comes back: bounces, complaints and unsubscribe requests, read and worked in."""
