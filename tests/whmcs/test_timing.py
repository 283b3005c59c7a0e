from datetime import timedelta

from whmcs.services.timing import Timing, usual


def test_the_waits_are_all_shortened_by_the_share_of_the_settings(settings):
    settings.POSTING_WAITS = 0.25

    found = usual()

    assert (found.lease, found.unknown_wait) == (timedelta(seconds=30), timedelta(seconds=15))
    assert found.back_off == tuple(wait / 4 for wait in Timing().back_off)
    assert (found.longest_retry_after, found.look_ups_until_absent) == (timedelta(days=1), 2)


def test_without_a_setting_the_waits_are_those_of_production():
    assert usual() == Timing()
