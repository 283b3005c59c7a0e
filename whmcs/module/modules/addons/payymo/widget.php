<?php

/** The widget on the home page of WHMCS. WHMCS names it by its class, which is therefore in no namespace. */

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

use WHMCS\Module\AbstractWidget;
use WHMCS\Module\Addon\Payymo\Box;

final class PayymoHomeWidget extends AbstractWidget
{
    protected $title = 'Payymo';
    protected $description = 'Payments that wait, and how the feeds are.';
    protected $weight = 150;
    protected $columns = 1;
    protected $cache = false;
    protected $requiredPermission = 'List Transactions';

    public function getData()
    {
        // Nothing is read here: the home page does not wait.
        return [];
    }

    public function generateOutput($data)
    {
        return '<div class="widget-content-padded">' . Box::html('summary') . '</div>';
    }
}
